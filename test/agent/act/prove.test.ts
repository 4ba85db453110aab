import { failed, success } from '@certherd/protocol/failure';
import test from 'ava';
import { prove } from '../../../agent/act/prove.ts';
import type { Dialer } from '../../../agent/ports.ts';
import { systemClock } from '../../../agent/system/clock.ts';
import { mint } from '../../helpers/mint.ts';
import { deployment } from '../../helpers/observed.ts';

const listener = { port: 443, defaultServer: true, proxyProtocol: false };

test('where IPv6 is switched off a reload is proved by the listeners that clients can reach', async (t) => {
  const leaf = await mint({ names: ['shop.example.test'] });
  const dial: Dialer = ({ address }) =>
    Promise.resolve(
      address === '::1'
        ? failed('unreachable', 'connect EADDRNOTAVAIL ::1:443 - Local (:::0)')
        : success({ chain: [leaf.der], tlsVersion: 'TLSv1.3' }),
    );
  const both = deployment({
    listeners: [
      { ...listener, address: '0.0.0.0' },
      { ...listener, address: '::' },
    ],
    configured: leaf.x509.fingerprint256.replaceAll(':', '').toLowerCase(),
  });
  const limits = { deadlineMs: 200, probeTimeoutMs: 1000 };
  const proof = await prove({ clock: systemClock(), dial }, [both], () => 'ecdsa', limits);
  t.deepEqual(proof, { asked: 1, failures: [] });
  // an address of its own that is not there stays a failure
  const own = { ...both, listeners: [{ ...listener, address: '::1' }] };
  t.is((await prove({ clock: systemClock(), dial }, [own], () => 'ecdsa', limits)).failures.length, 1);
});
