import test from 'ava';
import { labelBook } from '../../../collector/evaluate/labels.ts';
import type { LabelDraft } from '../../../collector/store/facts.ts';
import { endServers, engines } from '../helpers/stores.ts';

test.after.always(endServers);

const at = 1_800_000_000_000;
const byHand: LabelDraft = {
  scope: 'name',
  pattern: 'shop.example.com',
  key: 'owner',
  value: 'a',
  source: 'command',
  setBy: 'me',
};

for (const { name, open } of engines) {
  test(`${name}: a label that a command confirms is the command's, and stays when the list says otherwise`, async (t) => {
    const { store } = await open(t);
    const row = { name: 'shop.example.com', expiration: '', issuer: '', labels: { owner: 'a' } };
    const given = (value: string) => [{ pattern: 'shop.example.com', key: 'owner', value }];
    await store.replaceListed([row], given('a'), 'import', at);
    t.deepEqual(await store.setLabels([byHand], at + 1), { ok: true, value: 1 });
    t.deepEqual(await store.setLabels([byHand], at + 2), { ok: true, value: 0 }, 'a second time changes nothing');
    await store.replaceListed([row], given('b'), 'import', at + 3);
    t.like((await store.labels())[0], { value: 'a', source: 'command', setBy: 'me' });
  });

  test(`${name}: a host that enrols is labelled by its token, and neither takes a hand-set label's place nor labels others`, async (t) => {
    const { store } = await open(t);
    const enrol = async (hostName: string, place: number) => {
      const tokenHash = Buffer.alloc(32, place);
      await store.addToken(tokenHash, at, at + 1000, { by: 'me', values: { owner: 'token', team: 'token' } });
      const publicKey = Buffer.alloc(44, place);
      await store.enrol({ tokenHash, publicKey, hostName, proposedAgentId: `agent-${place}`, at });
    };
    await store.setLabels([{ ...byHand, scope: 'host', pattern: 'web-1' }], at);
    await enrol('Web-1', 1);
    for (const [place, hostName] of ['*', 'web-*', 'two words', 'web\u0000', 'x'.repeat(254)].entries())
      await enrol(hostName, place + 2);
    const rules = await store.labels();
    t.deepEqual(
      rules.map(({ pattern, key, value }) => [pattern, key, value]),
      [
        ['web-1', 'owner', 'a'],
        ['web-1', 'team', 'token'],
      ],
    );
    t.is(labelBook(rules).ofHost('web-2').size, 0);
  });
}
