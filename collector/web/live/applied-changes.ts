import { bySeverity } from '../../evaluate/host-status.ts';
import type { CertificateView, EndpointView, Estate, FindingView, HostView, LineageView } from '../../serve/estate.ts';
import type { CertificateChange, EstateChange, HeardChange, HostChange } from '../../serve/estate-change.ts';

/** An estate that follows what changes. */
export interface FollowedEstate {
  /** The estate after a change; lists and items that it does not concern are the same ones as before. */
  apply: (change: EstateChange) => Estate;
}

interface HostLists {
  host: HostView;
  endpoints: EndpointView[];
  lineages: LineageView[];
  findings: FindingView[];
  files: { path: string; fingerprint: string }[];
}

interface Held {
  facts: CertificateChange;
  /** Agents that have it in a file or at an endpoint. */
  holders: Set<string>;
  /** undefined: it has to be made again. */
  view: CertificateView | undefined;
}

/** As many as the estate has. */
const mostEvents = 100;

/** Takes an estate apart by hosts, so that a change costs what it concerns. */
export function followed(first: Estate): FollowedEstate {
  const hosts = new Map<string, HostLists>();
  const held = new Map<string, Held>();
  let estate = first;
  for (const host of first.hosts)
    hosts.set(host.agentId, { host, endpoints: [], lineages: [], findings: [], files: [] });
  for (const list of ['endpoints', 'lineages', 'findings'] as const)
    for (const one of first[list]) (hosts.get(one.agentId)?.[list] as unknown[] | undefined)?.push(one);
  for (const view of first.certificates) {
    const { files, endpoints, ...facts } = view;
    held.set(facts.fingerprint, { facts, view, holders: new Set([...files, ...endpoints].map((one) => one.agentId)) });
    for (const { agentId, path } of files) hosts.get(agentId)?.files.push({ path, fingerprint: facts.fingerprint });
  }
  let order = [...hosts.keys()];
  let hostless = first.findings.filter(({ agentId }) => !hosts.has(agentId));

  return {
    apply(change) {
      const touched = new Set<keyof HostLists>();
      hostless = change.hostless ?? hostless;
      for (const one of change.hosts) takeHost(one, touched);
      for (const one of change.heard) takeHeard(one, touched);
      const isReordered = takeCertificates(change);
      if (touched.has('host')) order = inOrder();
      estate = {
        ...estate,
        at: change.at,
        ...(touched.has('host') && { hosts: listed((lists) => [lists.host]) }),
        ...(touched.has('endpoints') && { endpoints: listed((lists) => lists.endpoints) }),
        ...(touched.has('lineages') && { lineages: listed((lists) => lists.lineages) }),
        ...((touched.has('findings') || change.hostless) && {
          findings: [...listed((lists) => lists.findings), ...hostless].sort(byUrgency),
        }),
        ...((isReordered || touched.size > 0) && { certificates: certificates(isReordered) }),
        ...(change.events.length > 0 && { events: [...change.events, ...estate.events].slice(0, mostEvents) }),
        ...(change.listed && { listed: change.listed }),
        ...(change.targets && { targets: change.targets }),
      };
      return estate;
    },
  };

  function takeHost({ agentId, ...change }: HostChange, touched: Set<keyof HostLists>): void {
    const before = hosts.get(agentId);
    const { host = before?.host } = change;
    if (!host) return;
    const after = { endpoints: [], lineages: [], findings: [], files: [], ...before, ...change, host };
    const moves = change.files !== undefined || change.endpoints !== undefined || host.name !== before?.host.name;
    if (moves && before) for (const fingerprint of placesOf(before)) put(agentId, fingerprint, false);
    hosts.set(agentId, after);
    if (moves) for (const fingerprint of placesOf(after)) put(agentId, fingerprint, true);
    for (const list of ['host', 'endpoints', 'lineages', 'findings', 'files'] as const)
      if (change[list] !== undefined || host.name !== before?.host.name) touched.add(list);
  }

  function put(agentId: string, fingerprint: string, holds: boolean): void {
    const one = held.get(fingerprint);
    if (!one) return;
    one.view = undefined;
    if (holds) one.holders.add(agentId);
    else one.holders.delete(agentId);
  }

  function takeHeard({ agentId, ...newer }: HeardChange, touched: Set<keyof HostLists>): void {
    const { observedAt } = newer;
    const before = hosts.get(agentId);
    if (!before) return;
    const looked = observedAt !== undefined && observedAt !== before.host.observedAt;
    const host = { ...before.host, ...newer };
    const endpoints = looked ? before.endpoints.map((one) => ({ ...one, observedAt })) : before.endpoints;
    hosts.set(agentId, { ...before, host, endpoints });
    touched.add('host');
    if (looked) touched.add('endpoints');
  }

  /** True: there are others, or they end at other instants. */
  function takeCertificates({ certificates, gone }: EstateChange): boolean {
    for (const fingerprint of gone) held.delete(fingerprint);
    const fresh = new Set(certificates.map(({ fingerprint }) => fingerprint).filter((one) => !held.has(one)));
    for (const facts of certificates) {
      const holders = held.get(facts.fingerprint)?.holders ?? new Set();
      held.set(facts.fingerprint, { facts, holders, view: undefined });
    }
    // Their hosts came before them.
    if (fresh.size > 0)
      for (const [agentId, lists] of hosts)
        for (const fingerprint of placesOf(lists)) if (fresh.has(fingerprint)) put(agentId, fingerprint, true);
    return certificates.length + gone.length > 0;
  }

  function certificates(isReordered: boolean): CertificateView[] {
    const views = (one: Held | undefined) => (one ? [(one.view ??= viewOf(one))] : []);
    if (!isReordered) return estate.certificates.flatMap(({ fingerprint }) => views(held.get(fingerprint)));
    return [...held.values()].flatMap(views).sort(byEnd);
  }

  function viewOf({ facts, holders }: Held): CertificateView {
    const files: CertificateView['files'] = [];
    const endpoints: CertificateView['endpoints'] = [];
    const lists = [...holders].flatMap((agentId) => hosts.get(agentId) ?? []).sort(byHost);
    for (const one of lists) {
      const on = { agentId: one.host.agentId, hostName: one.host.name };
      for (const { path, fingerprint } of one.files) if (fingerprint === facts.fingerprint) files.push({ ...on, path });
      for (const { id, served } of one.endpoints) if (served === facts.fingerprint) endpoints.push({ ...on, id });
    }
    return { ...facts, files, endpoints };
  }

  function inOrder(): string[] {
    const isSame = order.length === hosts.size;
    const names = (agentId: string) => hosts.get(agentId)?.host.name ?? '';
    const before = estate.hosts;
    if (isSame && order.every((agentId, index) => names(agentId) === before[index]?.name)) return order;
    return [...hosts.values()].sort(byHost).map(({ host }) => host.agentId);
  }

  function listed<T>(of: (lists: HostLists) => T[]): T[] {
    return order.flatMap((agentId) => {
      const lists = hosts.get(agentId);
      return lists ? of(lists) : [];
    });
  }
}

function placesOf({ files, endpoints }: HostLists): Set<string> {
  return new Set([...files.map((one) => one.fingerprint), ...endpoints.flatMap(({ served }) => served ?? [])]);
}

function byHost({ host: one }: HostLists, { host: other }: HostLists): number {
  return textOrder(one.name, other.name) || textOrder(one.agentId, other.agentId);
}

function byEnd(one: CertificateView, other: CertificateView): number {
  return Date.parse(one.notAfter) - Date.parse(other.notAfter) || textOrder(one.fingerprint, other.fingerprint);
}

function byUrgency(one: FindingView, other: FindingView): number {
  return (
    bySeverity(one, other) ||
    textOrder(one.since, other.since) ||
    textOrder(one.hostName, other.hostName) ||
    textOrder(one.agentId, other.agentId)
  );
}

function textOrder(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
