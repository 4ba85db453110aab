import { lstatSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runRemedy } from '../stage/remedy.ts';
import { short } from '../stage/sites.ts';
import type { Outage } from './outage.ts';
import { halves, servedAt } from './shop.ts';

/** Whoever deploys looks at an exit code. certbot ends with 0 and congratulates, the hook too, and nothing was deployed. */
export const toldAsSuccess: Outage = {
  name: 'told-as-success',
  title: 'a deployment that failed is told as a success',
  sources: ['certd/certd #337'],
  mode: 'observe',
  async befall({ host }, tell) {
    const { certbot, nginx, sandbox } = host;
    const hooks = sandbox.folder('letsencrypt/renewal-hooks/deploy');
    writeFileSync(join(hooks, 'reload'), `#!/bin/sh\nkill -HUP ${nginx.pid()}\n`, { mode: 0o755 });
    const extra = nginx.writeSite('extra', '\nbogus_directive on;\n');
    const before = certbot.lineage('shop').leaf();
    const ran = await certbot.renew('shop');
    const since = lstatSync(certbot.lineage('shop').certificate).mtimeMs;
    if (ran.exit !== 0 || !/Congratulations/.test(ran.stdout))
      throw new Error(`certbot did not succeed: ${ran.stderr}`);
    const newest = certbot.lineage('shop').leaf();
    if ((await servedAt(host)) !== before) throw new Error('the hook has loaded the new certificate');
    tell(`certbot: exit ${ran.exit}, Congratulations; its hook: 0; clients are shown ${short(before)} as before`);
    return {
      since,
      code: 'reload-failed',
      cause: /nginx refused its last reload .*unknown directive "bogus_directive"/,
      healedBy: 'a person, as the remedy says',
      async heal({ remedy }) {
        const { sentence, command } = halves(remedy);
        if (sentence !== `Mend ${extra}:2`) throw new Error(`the remedy names another place: ${remedy}`);
        rmSync(extra);
        await runRemedy(sandbox, command);
      },
      isOver: async () => (await servedAt(host)) === newest,
    };
  },
};
