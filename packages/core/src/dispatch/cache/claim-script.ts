/**
 * Finds replies, and gives the right to ask for those that are not there to one process at a time: the right is a key with
 * the process's name, and ends with the process, whose own key lapses when it is not renewed. In the first seconds after
 * Redis has lost its data nobody gets a new right: those who have one say so first.
 *
 * KEYS: for each question, the key of its reply and that of the right to ask. ARGV: this process, what stands before a
 * process's name in its key, milliseconds that this key lasts, milliseconds that a right lasts at most, the key that stands
 * for those first seconds.
 * Returns for each question: the reply as text, 1 (the right to ask is yours) or 0 (another has it).
 */
export const CLAIM = `
local me, process, life, keep, settling = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
redis.call('SET', process .. me, '1', 'PX', life)
local isSettling = redis.call('EXISTS', settling) == 1
local answers = {}
for i = 1, #KEYS, 2 do
  local reply = redis.call('GET', KEYS[i])
  if reply then
    answers[#answers + 1] = reply
  else
    local holder = redis.call('GET', KEYS[i + 1])
    local isFree = not holder or redis.call('EXISTS', process .. holder) == 0
    if holder == me then
      answers[#answers + 1] = 1
    elseif isFree and not isSettling then
      redis.call('SET', KEYS[i + 1], me, 'PX', keep)
      answers[#answers + 1] = 1
    else
      answers[#answers + 1] = 0
    end
  end
end
return answers
`;

/** Gives the right to ask for a reply back: KEYS[1] is the right, ARGV[1] this process. Another's stays. */
export const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0
`;
