// node rested-memory.ts MILLISECONDS: what it costs a bare Node to read memory of its own, at once again and after so long a rest.
// Prints {"restedUs":…,"againUs":…}: microseconds of its processor time for each page of 4 KB.

const pageBytes = 4096;
const memory = Buffer.alloc(1024 * pageBytes, 1);
const again = 20;

const restMs = Number(process.argv[2]);
readAll(again);
setTimeout(() => {
  const restedUs = readAll(1);
  console.log(JSON.stringify({ restedUs, againUs: readAll(again) }));
}, restMs);

function readAll(times: number): number {
  const before = process.cpuUsage();
  let sum = 0;
  for (let time = 0; time < times; time += 1)
    for (let at = 0; at < memory.length; at += pageBytes) sum += memory[at] ?? 0;
  const { user, system } = process.cpuUsage(before);
  if (sum !== (times * memory.length) / pageBytes) throw new Error('this is not what was written');
  return ((user + system) * pageBytes) / (times * memory.length);
}
