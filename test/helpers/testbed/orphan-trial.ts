import { startNginx } from './nginx.ts';
import { openSandbox } from './sandbox.ts';
import { until } from './until.ts';

// Run by testbed.test.ts as a process of its own, which is then killed.
const sandbox = openSandbox();
const nginx = await startNginx(sandbox, { httpPort: await sandbox.port() });
const workers = await until('nginx has its workers', () => nginx.workers().length > 0 && nginx.workers());
console.log('running', nginx.pid(), ...workers);
setInterval(() => undefined, 60_000);
