import { createHostKeeper } from '../../../collector/serve/host-keeper.ts';
import { labelBook } from '../../../collector/evaluate/labels.ts';
import { openSqliteStore } from '../../../collector/store/sqlite/store.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { certificate } from '../../../test/collector/helpers/example-snapshot.ts';
import { exampleHost } from '../example-host.ts';
import { fillStore } from './filled-store.ts';

// node --expose-gc kept-heap.ts DATA HOSTS CERTIFICATES: prints the bytes of heap that the kept estate has for each host, each with certificates of its own.

const [data = '', hosts = '1000', certificates = '20'] = process.argv.slice(2);
const atATime = 4;
const ids = await fillStore(data, Number(hosts), Number(certificates), (hostName, count) => {
  const list = Array.from({ length: count }, (_, index) =>
    certificate(`${hostName} ${index}`, { subjectAltNames: [`shop-${index}.${hostName}`, `www.${index}.${hostName}`] }),
  );
  const told = exampleHost(list);
  return { ...told, host: { ...told.host, name: hostName } };
});
const opened = openSqliteStore(data, silentLog);
if (!opened.ok) throw new Error(opened.failure.message);
const store = opened.value;
const heard = { connected: true, silent: false, heardAt: Date.now(), observedAt: Date.now(), lookAgeMs: 0 };
const keeper = createHostKeeper(() => heard, systemClock);
const book = labelBook([]);
const before = heapUsed();
for (let at = 0; at < ids.length; at += atATime)
  for (const read of await store.readHosts(ids.slice(at, at + atATime)))
    keeper.putHost(read.host, read.certificates, book);
keeper.forgetChanges();
process.stdout.write(`${Math.round((heapUsed() - before) / keeper.parts().hosts.size)}\n`);
await store.close();

function heapUsed(): number {
  for (let turn = 0; turn < 3; turn += 1) global.gc?.();
  return process.memoryUsage().heapUsed;
}
