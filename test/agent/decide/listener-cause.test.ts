import test from 'ava';
import { decide } from '../../../agent/decide/decide.ts';
import type { Observations } from '../../../agent/observe/observations.ts';
import { config, endpoint, noon, observed } from '../../helpers/observed.ts';

test("a port that a container publishes is freed by stopping that container, never Docker's whole service", (t) => {
  const { served: _none, ...silent } = endpoint();
  const [one] = observed({}).deployments;
  const [listener] = one?.listeners ?? [];
  if (!listener) return t.fail('the observations have no listener');
  const { address, port } = listener;
  const proxy = { pid: 77, name: 'docker-proxy', role: 'other' as const, unit: 'docker.service' };
  const running: NonNullable<Observations['running']> = {
    masters: [{ pid: 10, startedAt: noon - 60_000, workers: [] }],
    orphans: [],
    own: 10,
    pidFile: { path: '/run/nginx.pid', pid: 10 },
    log: [],
    changed: {},
    listening: [{ address, port, bound: true, holders: [proxy] }],
  };
  const failure = { reason: 'not-tls' as const, detail: 'wrong version number' };
  const endpoints = [{ ...silent, address, port, failure }];
  const { findings } = decide(observed({ running, endpoints }), [], [], config('deploy'), noon).snapshot;
  const remedy = findings.find(({ code }) => code === 'listener-unbound')?.remedy ?? 'no such finding';
  t.regex(
    remedy,
    new RegExp(`^Stop the container that publishes port ${port}, or .*docker ps --filter publish=${port}.*, then: `),
  );
  t.notRegex(remedy, /docker\.service/);
});
