import test from 'ava';
import {
  heldBack,
  type IssuedInWeek,
  sameNamesCautions,
  usualLimits,
} from '../../../../collector/evaluate/campaign/held-back.ts';
import { namesKey } from '../../../../collector/evaluate/fleet/holdings.ts';
import type { MemberRow } from '../../../../collector/store/campaigns.ts';

const now = Date.parse('2026-11-28T00:00:00.000Z');
const names = ['shop.example.test', 'www.example.test'];

/** Each host has a lineage of its own; some list their names in another order, and in capitals. */
const members = Array.from({ length: 12 }, (_, index): MemberRow => {
  const planned = { agentId: `a${index}`, hostName: `web-${index}`, lineage: 'shop', wave: 1, owner: undefined };
  const certificate = {
    old: 'o',
    issuer: "C=US, O=Let's Encrypt, CN=R10",
    key: 'RSA 2048',
    notBefore: '',
    notAfter: '',
  };
  const unset = { request: undefined, askedAt: undefined, cause: undefined };
  const written = index % 2 === 0 ? names : names.toReversed().map((name) => name.toUpperCase());
  const state = { number: index + 1, state: 'waiting' as const, attempt: 0, changedAt: now };
  return { ...planned, ...certificate, ...unset, ...state, names: written, places: [] };
});

const issued = (count: number): IssuedInWeek => ({
  below: () => count,
  forNames: (of, organisation) => (namesKey(of) === names.join(' ') && organisation === "Let's Encrypt" ? count : 0),
});
const around = { limits: usualLimits, inHand: [], asked: [], now };

test('hosts with a lineage each for the very same names are asked until their CA has issued five in seven days', (t) => {
  const held = (count: number) =>
    members.map((member) =>
      heldBack(member, { ...around, facts: { domainOf: () => 'example.test', issued: issued(count) } }),
    );
  t.deepEqual(
    held(4),
    members.map(() => undefined),
  );
  const by = 'names-week' as const;
  const detail = "5 of 5 certificates for these very names in seven days, by Let's Encrypt";
  t.deepEqual(
    held(5),
    members.map(() => ({ by, detail })),
  );
});

test('what is in hand for the same names counts, and what is for others does not', (t) => {
  const [first, second] = members;
  if (!first || !second) return t.fail();
  const limits = { ...usualLimits, perHost: 9 };
  const facts = { domainOf: () => 'example.test', issued: issued(4) };
  const onOne = { ...second, agentId: first.agentId };
  t.is(heldBack(first, { ...around, limits, inHand: [onOne], facts })?.by, 'names-week');
  const other = { ...onOne, names: names.slice(0, 1) };
  t.is(heldBack(first, { ...around, limits, inHand: [other], facts }), undefined);
  t.is(heldBack(first, { ...around, limits, inHand: [{ ...onOne, issuer: 'O=Other' }], facts }), undefined);
});

test('a plan that will wait for that says so, by its names, with what was issued already', (t) => {
  const [caution, ...others] = sameNamesCautions(members, usualLimits, issued(2));
  t.deepEqual(others, []);
  t.regex(
    caution ?? '',
    /^shop\.example\.test and 1 more: 12 lineages are for these very names, and 2 certificates .* by Let's Encrypt, of 5: it waits/,
  );
  t.deepEqual(sameNamesCautions(members.slice(0, 3), usualLimits, issued(2)), []);
});
