/**
 * Runs a bundled handler as the Lambda runtime would: loads it, calls it once with one sample, then with the whole event,
 * in this process alone. Prints what each cost. Arguments: the bundle, the file with the event.
 */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [, , bundle, eventFile] = process.argv;
const context = { getRemainingTimeInMillis: () => 890_000 };
const peakRss = () => process.resourceUsage().maxRSS / 1024;
const cpuSince = (begin) => {
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1000;
};
const startRss = peakRss();

const begin = process.cpuUsage();
const { handler } = await import(pathToFileURL(bundle).href);
const importCpu = cpuSince(begin);
const importRss = peakRss();
const [first, ...rest] = JSON.parse(readFileSync(`${eventFile}.first`, 'utf8'));
await handler([first, ...rest], context);
const firstCpu = cpuSince(begin) - importCpu;

const beginEvent = process.cpuUsage();
const started = performance.now();
// As the runtime does it: the payload is text that is parsed, the answer is text again.
const answer = JSON.stringify(await handler(JSON.parse(readFileSync(eventFile, 'utf8')), context));
process.stdout.write(
  JSON.stringify({
    import_cpu_ms: importCpu,
    first_call_cpu_ms: firstCpu,
    event_cpu_ms: cpuSince(beginEvent),
    event_seconds: (performance.now() - started) / 1000,
    rss_mb: { bare_runtime: startRss, after_import: importRss, peak: peakRss() },
    results: JSON.parse(answer),
  }),
);
