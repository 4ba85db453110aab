import { startNginx } from './nginx.ts';
import { openSandbox } from './sandbox.ts';

// Run by testbed.test.ts as a process of its own, which is then killed.
const sandbox = openSandbox();
const nginx = await startNginx(sandbox, { httpPort: await sandbox.port() });
console.log('running', nginx.pid(), ...nginx.workers());
setInterval(() => undefined, 60_000);
