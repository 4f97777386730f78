/**
 * Two token buckets, of requests and of tokens, that all processes on one Redis take from, as one step on Redis' own clock.
 * What a process takes, it takes at once, into debt if need be, and is told when the debt is paid: the buckets are also the
 * queue, first come, first served, and nobody has to ask again.
 *
 * A process that has fallen silent may be going on with its share, `1 / all`, because it has lost Redis and not its
 * provider: until it is forgotten the others do without that share. Where the keys are new although processes knew each
 * other, Redis has lost them: all whom they knew count as silent, and what each has taken last counts as debt.
 *
 * KEYS: the state, the processes. ARGV: see `limitArguments`. Returns milliseconds until what was wanted may be used,
 * milliseconds of pause, processes heard of lately, all that count, and the two limits that hold ('' for none).
 */
export const LIMIT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local id, isLeaving, known, pause = ARGV[1], ARGV[2] == '1', tonumber(ARGV[3]), tonumber(ARGV[4])
local liveMs, forgetMs, burstMs, keepMs = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]
local state, fields = {}, redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do state[fields[i]] = tonumber(fields[i + 1]) end

local at = state.at
if at and now < at then
  -- The clock was set back. What was timed by it means nothing any more.
  known = math.max(known, redis.call('ZCARD', KEYS[2]))
  redis.call('DEL', KEYS[2])
  state.born, state.paused, at = now, nil, now
end
local isNew = not at
local elapsed = isNew and 0 or now - at
if isNew then state.born = now end

if isLeaving then
  redis.call('ZREM', KEYS[2], id)
else
  redis.call('ZADD', KEYS[2], string.format('%.3f', now), id)
end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.3f', now - forgetMs))
local live = math.max(1, redis.call('ZCOUNT', KEYS[2], string.format('%.3f', now - liveMs), '+inf'))
local all = math.max(1, redis.call('ZCARD', KEYS[2]))
if now - state.born < forgetMs then
  state.known = math.max(state.known or 0, known)
  all = math.max(all, state.known)
end

local function open(name, declared, wanted, unused, last)
  local limit, saidAt = state[name .. '_limit'], state[name .. '_said']
  local isStale = not saidAt or saidAt > now or now - saidAt > forgetMs
  if isStale or (declared and declared <= (limit or math.huge)) then limit, saidAt = declared, now end
  state[name .. '_limit'], state[name .. '_said'] = limit, saidAt
  if not limit then return nil end
  local bucket = { wanted = wanted, wait = 0, perMs = limit / 60000 * live / all, size = math.max(1, limit / 60000 * burstMs) }
  local level = state[name] or bucket.size
  if isNew and known > 0 then level = -known * last end
  bucket.level = math.min(bucket.size, math.min(bucket.size, level + elapsed * bucket.perMs) + unused)
  local missing = math.min(wanted, bucket.size) - bucket.level
  if wanted > 0 and missing > bucket.size * 1e-9 then bucket.wait = missing / bucket.perMs end
  return bucket
end
local requests = open('requests', tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12]))
local tokens = open('tokens', tonumber(ARGV[13]), tonumber(ARGV[14]), tonumber(ARGV[15]), tonumber(ARGV[16]))
local wait = math.max(requests and requests.wait or 0, tokens and tokens.wait or 0)
-- Both are taken at the moment when both may be; what flows over until then is lost.
local function settle(bucket)
  return bucket and math.min(bucket.level, bucket.size - wait * bucket.perMs) - bucket.wanted
end
state.requests, state.tokens = settle(requests), settle(tokens)

state.at = now
state.paused = math.max(state.paused or 0, now + pause)
local saved = {}
for name, value in pairs(state) do
  saved[#saved + 1] = name
  saved[#saved + 1] = string.format('%.17g', value)
end
redis.call('HSET', KEYS[1], unpack(saved))
if not requests then redis.call('HDEL', KEYS[1], 'requests', 'requests_limit') end
if not tokens then redis.call('HDEL', KEYS[1], 'tokens', 'tokens_limit') end
redis.call('PEXPIRE', KEYS[1], keepMs)
redis.call('PEXPIRE', KEYS[2], keepMs)
return {
  math.ceil(wait),
  math.ceil(math.max(0, state.paused - now)),
  live,
  all,
  state.requests_limit and string.format('%.17g', state.requests_limit) or '',
  state.tokens_limit and string.format('%.17g', state.tokens_limit) or '',
}
`;

/** What one process says of one of the two buckets. */
interface Taking {
  /** Its limit a minute, undefined for none. */
  declared: number | undefined;
  wanted: number;
  /** What it gives back; fewer than none where it used more. */
  unused: number;
  /** What it wanted the last time: what Redis, if it has forgotten, does not know to be taken. */
  last: number;
}

/** What one process says and wants. */
export interface LimitCall {
  /** Names the process. */
  id: string;
  /** It has nothing more to do for now. */
  isLeaving: boolean;
  /** Processes that it has known to be at work, itself among them; 0 while it knows nothing. */
  known: number;
  /** Milliseconds of pause that the provider has asked it for. */
  pauseMs: number;
  requests: Taking;
  tokens: Taking;
}

/** A process that has said nothing for so long has no part in what is shared, and may keep to its own share. */
export const LIVE_MS = 2000;
/** What may be made up for after a pause. */
const BURST_MS = 250;
/** What nobody uses any more goes. */
const KEEP_MS = 600_000;

/** @param forgetMs after which a silent process no longer counts */
export function limitArguments(
  { id, isLeaving, known, pauseMs, ...buckets }: LimitCall,
  forgetMs: number,
): string[] {
  const of = ({ declared, wanted, unused, last }: Taking): string[] =>
    [declared ?? '', wanted, unused, last].map(String);
  const common = [id, isLeaving ? 1 : 0, known, pauseMs, LIVE_MS, forgetMs, BURST_MS, KEEP_MS].map(String);
  return [...common, ...of(buckets.requests), ...of(buckets.tokens)];
}

/** What the script says. */
export interface Granted {
  waitMs: number;
  pauseMs: number;
  /** Processes that count, silent ones too, ≥ 1. */
  all: number;
  requestsPerMinute: number | undefined;
  tokensPerMinute: number | undefined;
}

export function readGranted(answer: unknown): Granted | undefined {
  if (!Array.isArray(answer) || answer.length !== 6) return undefined;
  const [waitMs, pauseMs, , all, requests, tokens] = answer as unknown[];
  const limit = (text: unknown): number | undefined => (text === '' ? undefined : Number(text));
  return {
    waitMs: Number(waitMs),
    pauseMs: Number(pauseMs),
    all: Number(all),
    requestsPerMinute: limit(requests),
    tokensPerMinute: limit(tokens),
  };
}
