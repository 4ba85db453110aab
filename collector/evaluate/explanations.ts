/** Codes of findings that no host can give by itself: they come from what several hosts hold. */
export type FleetFindingCode = 'stale-copy' | 'unknown-issuer' | 'orphan' | 'shared-key' | 'wildcard-blast-radius';

/** Codes of findings about what is seen from outside: their subjects are places of targets, whichever host they are told of. */
const outsideCodes = [
  'front-holds-copy',
  'served-elsewhere-differs',
  'target-expired',
  'target-ending',
  'target-not-yet-valid',
  'target-revoked',
  'target-name-mismatch',
  'target-untrusted',
  'target-staple-invalid',
  'target-not-seen',
  'unexpected-certificate',
  'log-not-read',
] as const;
export type OutsideFindingCode = (typeof outsideCodes)[number];

/** Codes of what people are told beside findings. */
export type ConcernCode = 'renewal-missed' | 'host-silent' | 'host-not-looking' | 'identity-conflict' | HaltedCode;

/** Of a campaign that waits for a person. */
export type HaltedCode = 'campaign-paused';

export function isOutsideCode(code: string): boolean {
  return outsideCodes.some((one) => one === code);
}

/** What a person should know about such a code; the texts of agent/commands/explanations.ts have the same shape. */
export interface CollectorExplanation {
  severity: string;
  meaning: string;
  causes: string;
  remedy: string;
  /** Tests below test/collector/. */
  shownBy: string;
}

/** Every code that only the collector gives. `stale-copy` an agent gives too, of copies on its own host. */
export const collectorExplanations: Readonly<
  Record<Exclude<FleetFindingCode, 'stale-copy'> | OutsideFindingCode | ConcernCode, CollectorExplanation>
> = {
  'front-holds-copy': {
    severity: 'warning',
    meaning:
      'A host proves a younger certificate for this name than its public address presents; `notice` where the fleet has never had the one that is presented.',
    causes: 'A load balancer, proxy or CDN in front holds a copy of its own, and nobody brought it the new one.',
    remedy: 'Install the certificate and key of the host at that address, and reload what answers there.',
    shownBy: 'evaluate/outside-findings, scan/founding-incident, scan/vantages',
  },
  'served-elsewhere-differs': {
    severity: 'warning',
    meaning:
      'The addresses behind one name present different certificates; `notice` where none of them is a renewal of another.',
    causes:
      'Some of the machines behind the name were not renewed; or they are meant to differ, as those of a CDN are.',
    remedy: 'Bring the younger certificate to the other addresses.',
    shownBy: 'evaluate/outside-findings',
  },
  'target-expired': {
    severity: 'critical',
    meaning: 'A listed target presents a certificate that has ended.',
    causes: 'Nobody renewed it, or the renewed one was not brought to what answers there.',
    remedy: 'Renew it, install it where the finding says, and reload what answers there.',
    shownBy: 'evaluate/target-findings',
  },
  'target-ending': {
    severity: 'warning',
    meaning:
      'Of the certificate that a listed target presents a quarter of its life is left: a renewal at a third has been missed; `critical` when a tenth is. Where a host of the fleet proves it, the host’s own findings say so.',
    causes: 'No renewal came, or it was not brought to what answers there.',
    remedy: 'Renew it, install it where the finding says, and reload what answers there.',
    shownBy: 'evaluate/target-findings',
  },
  'target-not-yet-valid': {
    severity: 'critical',
    meaning: 'A listed target presents a certificate whose validity begins later than now.',
    causes: 'It was installed too early, or a clock is wrong: that of the collector, or that of who issued it.',
    remedy: 'Compare the clocks; else install the certificate that is valid now.',
    shownBy: 'evaluate/target-findings',
  },
  'target-revoked': {
    severity: 'critical',
    meaning:
      'A listed target presents a certificate that is revoked: its issuer says so in the OCSP answer that the server itself staples to it.',
    causes:
      'Its key became known to others, its names were given up, or the issuer had made a mistake, told whoever ordered it, and revoked it when its days were over.',
    remedy: 'Have a new one issued with a new key, install it where the finding says, and reload what answers there.',
    shownBy: 'evaluate/staples, commands/scan',
  },
  'target-name-mismatch': {
    severity: 'warning',
    meaning: 'The name of a listed target is not among those of the certificate that it presents: clients turn away.',
    causes: 'What answers there does not know the name and presents another one’s certificate.',
    remedy: 'Have what answers there present a certificate for that name.',
    shownBy: 'evaluate/target-findings',
  },
  'target-untrusted': {
    severity: 'warning',
    meaning: 'The chain that a listed target presents does not lead to a root that the collector trusts.',
    causes: 'An intermediate is not sent or has ended; a private CA, or a staging certificate.',
    remedy: 'Install the whole chain there; name the root of a private CA in `scan_roots`.',
    shownBy: 'evaluate/target-findings',
  },
  'target-staple-invalid': {
    severity: 'warning',
    meaning:
      'The OCSP answer that is stapled to the certificate of a listed target is stale, or cannot be believed; or none is, and the certificate demands one (must-staple, RFC 7633). Clients that heed it turn away.',
    causes:
      'The server does not reach the issuer’s responder, does not staple at all, was started a moment ago (nginx staples from the second handshake on), or staples a file that nobody makes anew.',
    remedy:
      'Look at the server’s log for what keeps it from the responder; replace the file; else issue without the demand.',
    shownBy: 'evaluate/staples',
  },
  'target-not-seen': {
    severity: 'unknown',
    meaning: 'A listed target, or an address of it, has shown no certificate for three of its intervals.',
    causes:
      'What answers there is down or filtered, its name is resolved no more, it may not be asked, no collector asks, or the agent that is to look is gone, too old, or not allowed to.',
    remedy:
      'Have `certherd-collector scan` ask it; of an agent allow it with `[probe] allow` on its host; `target remove` what is gone for good.',
    shownBy: 'evaluate/target-findings',
  },
  'unexpected-certificate': {
    severity: 'warning',
    meaning:
      'A transparency log has a certificate for a watched name that no host of the fleet holds and no target presents; `critical` where `known_issuers` does not name its issuer. One of a known issuer is told after `[transparency] grace`.',
    causes:
      'Somebody had it issued elsewhere: a supplier, a CDN, another team, a person with a laptop; it was issued and never installed; or whoever may change the DNS, or answers for the name, is not who should.',
    remedy:
      'Find out who asked for it. If nobody did, have the issuer revoke it, and look at the DNS and its CAA records. Else enrol its host, or list what presents it with `target add`.',
    shownBy: 'evaluate/logged-findings, scan/transparency/transparency',
  },
  'log-not-read': {
    severity: 'unknown',
    meaning:
      'For three hours a transparency log was not read to the end of a tree that it signed: it does not answer, gives what its key did not sign, or grows faster than it is read.',
    causes:
      'It is down, closed for good or behind a proxy; its settings are wrong; or it tells different things to different people.',
    remedy: 'Look at what `certherd-collector transparency` says; put another log in its place if it is closed.',
    shownBy: 'evaluate/logged-findings, scan/transparency/read-log',
  },
  'unknown-issuer': {
    severity: 'warning',
    meaning: 'A certificate was issued by an organisation that `known_issuers` in collector.toml does not name.',
    causes: 'Somebody bought or made it elsewhere; a test certificate came into service; the list is not complete.',
    remedy: 'Find out who asked for it; add the issuer to the list if that was right.',
    shownBy: 'evaluate/fleet/fleet-findings',
  },
  orphan: {
    severity: 'notice',
    meaning:
      'A certificate lies on disk, nothing in the fleet names it in a config or presents it, and no target presents it.',
    causes:
      'It was replaced and left behind; it was renewed and installed nowhere; or a server uses it that is not read.',
    remedy: 'Name it where it is to be served, list its listener in agent.toml, or delete it.',
    shownBy: 'evaluate/fleet/fleet-findings',
  },
  'shared-key': {
    severity: 'notice',
    meaning:
      'Several hosts hold one key: in one certificate that all of them have, or in certificates of their own that were made with it.',
    causes:
      'The certificate was copied from host to host, as behind a load balancer; virtual machines were cloned with the key; or a key was copied, and each host renews with it (--reuse-key).',
    remedy:
      'Give each host a certificate of its own, with a key that never leaves it. Where each has one already, renew it with a new key (certbot renew --cert-name NAME --force-renewal --new-key). Until the DER of a certificate was told, its key is not known.',
    shownBy: 'evaluate/fleet/fleet-findings',
  },
  'wildcard-blast-radius': {
    severity: 'notice',
    meaning: 'Several hosts hold the key of a wildcard certificate: whoever takes it can be every name below.',
    causes: 'One wildcard was easier to install than a certificate for each host.',
    remedy: 'Give each host a certificate for its own names, and keep the wildcard where it cannot be avoided.',
    shownBy: 'evaluate/fleet/fleet-findings',
  },
  'renewal-missed': {
    severity: 'warning; critical once a sixth of its life is left',
    meaning:
      'A host still presents a certificate whose renewal was expected a twelfth of its life ago, and nothing that the host said explains it. It is told in messages; the host’s own findings stand beside it.',
    causes:
      'Nothing renews it, the host is silent and does not say what is wrong, or the renewed one was not brought to the server.',
    remedy: 'Run `certherd-agent check` on the host: it tells how far the newest certificate got.',
    shownBy: 'evaluate/concerns',
  },
  'host-silent': {
    severity: 'unknown',
    meaning:
      'No heartbeat came from this host for too long: what is told of it is from before. It is told in messages.',
    causes: 'The agent or the host is down, or something between it and the collector lets nothing through.',
    remedy: 'Restart it there: `systemctl restart certherd-agent`; `certherd-agent doctor` says what is in its way.',
    shownBy: 'evaluate/concerns, notify/start-telling',
  },
  'host-not-looking': {
    severity: 'unknown',
    meaning: 'The host is heard, and its last look is too old to prove anything. It is told in messages.',
    causes: 'Its looks take longer than they may, or it never had one: the agent cannot read what it has to.',
    remedy: 'Run `certherd-agent doctor` on the host.',
    shownBy: 'evaluate/concerns',
  },
  'identity-conflict': {
    severity: 'warning',
    meaning: 'Another machine presented the identity of this host within the last hour. It is told in messages.',
    causes: 'A machine was cloned with its agent’s state, or was brought back from an older picture of itself.',
    remedy: 'Enrol the copy anew on its own machine: `certherd-agent enroll --replace JOIN`.',
    shownBy: 'evaluate/concerns',
  },
  'campaign-paused': {
    severity: 'warning',
    meaning:
      'A campaign paused itself after a failure, and waits for a person. It stands on Now until it goes on or is ended, and is told in messages, to whoever the lineage belongs to whose failure did it.',
    causes:
      'A renewal failed or was refused, its certificate does not fulfil the campaign, or it was not served by the deadline: the message says which.',
    remedy:
      'Mend it, then `certherd-collector campaign resume ID --reason WHY`; `campaign skip` leaves the lineage out, `campaign abort` ends it all.',
    shownBy: 'notify/start-telling, campaigns/drive, serve/kept-targets',
  },
};
