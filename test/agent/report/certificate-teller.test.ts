import { createHash } from 'node:crypto';
import { CertificatesFrame } from '@certherd/protocol/frame';
import { maxDerBytes, maxFrameBytes, maxWantedCertificates } from '@certherd/protocol/version';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { Check } from 'typebox/value';
import { createCertificateTeller, type FindDer } from '../../../agent/report/certificate-teller.ts';

const fingerprints = Array.from({ length: maxWantedCertificates }, (_, at) =>
  createHash('sha256').update(String(at)).digest('hex'),
);
const want = (some: string[]) => ({ type: 'want-certificates' as const, fingerprints: some });

function teller(find: FindDer) {
  let tasks: (() => void)[] = [];
  const sent: CertificatesFrame[] = [];
  const errors: string[] = [];
  const clock = {
    after: (_: number, task: () => void) => {
      tasks.push(task);
      return () => void (tasks = tasks.filter((one) => one !== task));
    },
  };
  const log = { error: (_: object, text: string) => void errors.push(text) };
  const made = createCertificateTeller({ clock, log }, find, (frame) => void sent.push(frame as CertificatesFrame));
  return {
    ...made,
    sent,
    errors,
    pass: async () => {
      for (const task of tasks.splice(0)) task();
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    },
  };
}

test('whatever sizes the certificates have, each that was asked for is told once, in frames that the collector takes', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.constantFrom(...fingerprints), { minLength: 1, maxLength: maxWantedCertificates }),
      fc.array(fc.option(fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1, max: maxDerBytes }))), {
        minLength: maxWantedCertificates,
        maxLength: maxWantedCertificates,
      }),
      async (wanted, sizes) => {
        const ders = new Map(
          wanted.flatMap((one, at) => {
            const size = sizes[at];
            return size ? [[one, Buffer.alloc(size, at)] as const] : [];
          }),
        );
        const { take, sent, pass } = teller(async () => ders);
        take(want(wanted));
        await pass();
        const told = sent.flatMap(({ certificates }) => certificates);
        t.deepEqual(
          told.map(({ fingerprint }) => fingerprint),
          wanted,
        );
        for (const { fingerprint, der } of told) t.is(der, ders.get(fingerprint)?.toString('base64'));
        for (const frame of sent) {
          t.true(Check(CertificatesFrame, frame));
          t.true(Buffer.byteLength(JSON.stringify(frame)) <= maxFrameBytes);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('a collector that does not wait for the answer gets one, and the next question is answered after it', async (t) => {
  let asked = 0;
  const { take, sent, pass } = teller(async () => {
    asked += 1;
    return new Map();
  });
  for (let count = 0; count < 1000; count++) take(want(fingerprints));
  await pass();
  t.deepEqual([asked, sent.length], [1, 1]);
  take(want(fingerprints.slice(0, 1)));
  await pass();
  t.deepEqual([asked, sent.length], [2, 2]);
});

test('nothing is told after the end of the session, and a failure is an answer without certificates', async (t) => {
  const { take, stop, sent, pass } = teller(async () => new Map());
  take(want(fingerprints));
  stop();
  await pass();
  t.deepEqual(sent, []);
  const failing = teller(() => Promise.reject(new Error('a fault')));
  failing.take(want(fingerprints.slice(0, 1)));
  await failing.pass();
  t.deepEqual(failing.sent, [{ type: 'certificates', certificates: [{ fingerprint: fingerprints[0] ?? '' }] }]);
  t.is(failing.errors.length, 1);
});
