import test from 'ava';
import { labelBook } from '../../../collector/evaluate/labels.ts';
import type { AuditEntry } from '../../../collector/store/accounts.ts';
import type { LabelDraft, LabelRule } from '../../../collector/store/facts.ts';
import { labelTag, listTag } from '../../../collector/store/rows/label.ts';
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

  test(`${name}: a rule is changed and taken away by who saw it as it stands, and a new one takes no other's place`, async (t) => {
    const { store, count } = await open(t);
    const entry = (subject: string): AuditEntry => ({
      at,
      actor: 'otto',
      via: 'page',
      action: 'labels-set',
      subject,
      detail: {},
    });
    const entryOf = ({ pattern }: LabelRule) => entry(pattern);
    const team: LabelDraft = { ...byHand, key: 'team', value: 'web' };
    t.deepEqual(await store.addLabels([byHand, team], at, entry('two')), { ok: true, value: [] });
    const inTheWay = await store.addLabels(
      [
        { ...byHand, key: 'contact' },
        { ...team, value: 'x' },
      ],
      at,
      entry('none'),
    );
    t.deepEqual(inTheWay, { ok: true, value: (await store.labels()).filter(({ key }) => key === 'team') });
    t.is(await count('label_rule'), 2, 'all or none');

    const [owner] = await store.labels();
    if (!owner) throw new Error('it was added');
    const change = { id: owner.id, seen: labelTag(owner), value: 'b', setBy: 'otto' };
    const changed = { ...owner, value: 'b', setBy: 'otto', setAt: at + 1 };
    const done = { ok: true, value: { outcome: 'changed', rule: changed } };
    t.deepEqual(await store.changeLabel(change, at + 1, entryOf), done);
    const other = { ok: true, value: { outcome: 'other', rule: changed } };
    t.deepEqual(await store.changeLabel({ ...change, value: 'c' }, at + 2, entryOf), other, 'seen as before');
    t.deepEqual(await store.changeLabel({ ...change, value: undefined }, at + 2, entryOf), other);
    const seen = labelTag(changed);
    t.like(await store.changeLabel({ ...change, seen }, at + 3, entryOf), { value: { outcome: 'same' } });
    t.like(await store.changeLabel({ ...change, seen, value: undefined }, at + 3, entryOf), {
      value: { outcome: 'changed' },
    });
    t.deepEqual(await store.changeLabel({ ...change, seen }, at + 4, entryOf), {
      ok: true,
      value: { outcome: 'gone' },
    });
    t.is(await count('label_rule'), 1);
    const told = (await store.accounts.audit(undefined, 10)).map(({ subject }) => subject);
    t.deepEqual(told, [owner.pattern, owner.pattern, 'two'], 'what changed nothing is in no history');
  });

  test(`${name}: a list takes the place of the one that was seen, and of no other`, async (t) => {
    const { store } = await open(t);
    const row = (value: string) => ({ name: 'shop.example.com', expiration: '', issuer: '', labels: { owner: value } });
    const empty = listTag([]);
    t.deepEqual(await store.replaceListed([row('a')], [], 'otto', at, undefined, empty), { ok: true, value: true });
    t.deepEqual(await store.replaceListed([row('b')], [], 'otto', at, undefined, empty), { ok: true, value: false });
    t.deepEqual(await store.listed(), [row('a')]);
    const seen = listTag(await store.listed());
    t.deepEqual(await store.replaceListed([row('b')], [], 'otto', at, undefined, seen), { ok: true, value: true });
  });
}
