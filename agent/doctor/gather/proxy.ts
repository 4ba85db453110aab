import type { Result } from '@certherd/protocol/failure';
import type { DoctorPorts } from '../doctor-ports.ts';
import type { Installation } from './installation.ts';

/** The proxy that the daemon's environment names; its user name and password are left where they are. */
export interface ProxyFacts {
  /** "HTTPS_PROXY" */
  variable?: string;
  /** Whose environment this is. */
  whose: 'daemon' | 'own';
  /** Absent where the variable holds no address. */
  address?: { host: string; port: number };
  reached?: Result<void>;
  /** NO_PROXY as it stands. */
  except?: string;
}

/** In the order in which Node takes them for https. */
const variables = ['https_proxy', 'HTTPS_PROXY'];
const exceptions = ['no_proxy', 'NO_PROXY'];

type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment of the daemon says of proxies, and nothing else of it; of this process where there is no daemon, or it is not told. */
export function proxyEnvironment(
  ports: DoctorPorts,
  { daemon }: Installation,
): { whose: ProxyFacts['whose']; environment: Environment } {
  const ofDaemon = daemon && environmentIn(ports.proc.read(`/proc/${daemon.pid}/environ`));
  const whole = ofDaemon ?? ports.environment;
  const kept = [...variables, ...exceptions].map((name) => [name, whole[name]] as const);
  return { whose: ofDaemon ? 'daemon' : 'own', environment: Object.fromEntries(kept.filter(([, value]) => value)) };
}

export async function observeProxy(
  ports: DoctorPorts,
  { whose, environment }: ReturnType<typeof proxyEnvironment>,
): Promise<ProxyFacts> {
  const variable = variables.find((name) => environment[name]);
  if (variable === undefined) return { whose };
  const address = addressIn(environment[variable] ?? '');
  const except = exceptions.map((name) => environment[name]).find((value) => value);
  const reached = address && (await ports.reach(address));
  return { variable, whose, ...(address && { address }), ...(reached && { reached }), ...(except && { except }) };
}

function environmentIn(text: string | undefined): Record<string, string> | undefined {
  if (text === undefined) return undefined;
  const pairs = text.split('\0').map((pair): [string, string] => {
    const equals = pair.indexOf('=');
    return [pair.slice(0, equals), pair.slice(equals + 1)];
  });
  return Object.fromEntries(pairs);
}

function addressIn(value: string): { host: string; port: number } | undefined {
  const text = value.includes('://') ? value : `http://${value}`;
  if (!URL.canParse(text)) return undefined;
  const { hostname, port, protocol } = new URL(text);
  if (hostname === '' || !/^https?:$/.test(protocol)) return undefined;
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
  };
}
