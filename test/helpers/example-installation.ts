import { defaultConfig } from '../../agent/config.ts';
import type { Installation } from '../../agent/doctor/gather/installation.ts';
import { readUnit } from '../../agent/formats/systemd-unit.ts';

const machine = { hostName: 'web-1', isRoot: false, stateHome: '/var/lib' };
export const service = {
  name: 'certherd-agent.service',
  path: '/usr/lib/systemd/system/certherd-agent.service',
  masked: false,
  enabled: true,
  active: true,
  settings: readUnit(['[Service]\nUser=certherd-agent\n']),
};
export const daemon = {
  pid: 42,
  uid: 997,
  capabilities: 4n,
  noNewPrivileges: true,
  filtered: true,
  groups: [997],
  unit: service.name,
};
/** A host on which all is well, in mode "deploy", seen by root. */
export const installation: Installation = {
  config: { ...defaultConfig(machine), mode: 'deploy' },
  own: { uid: 0, userName: 'root', version: '0.1.0' },
  systemd: true,
  service,
  daemon,
  account: { uid: 997, name: 'certherd-agent' },
  status: { read: undefined, why: 'none' },
};
