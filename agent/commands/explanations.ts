import type { FindingCode } from '@certherd/protocol/finding';

/** What a person should know about a finding code. Each text is one or two plain sentences. */
export interface Explanation {
  severity: string;
  meaning: string;
  causes: string;
  remedy: string;
  /** The tests that show the code on real parts, or on facts where no real part can. */
  shownBy: string;
}

/** Every finding code, in the order of docs/findings.md, which is made from this table. */
export const explanations: Readonly<Record<FindingCode, Explanation>> = {
  'not-served': {
    severity: 'critical',
    meaning: 'Clients are shown another certificate than the config names, or than the newest that was issued.',
    causes:
      'The server has not loaded the file since it changed; or the reload is held back by another finding; or the config names an older version of the lineage.',
    remedy: 'Reload the server, follow the finding that holds the reload back, or name the right paths.',
    shownBy: 'scenarios/other-servers, scenarios/served, integration/check, demo 2',
  },
  'reload-failed': {
    severity: 'critical',
    meaning: 'The server was told to reload and kept what it had loaded before.',
    causes:
      'Its own log says why: a certificate and key that do not fit, a file that is gone, an address that it cannot bind.',
    remedy: "Mend what the server's own words name, then reload.",
    shownBy: 'scenarios/reloads',
  },
  'listener-unbound': {
    severity: 'critical',
    meaning: 'The config names an address and port on which the server does not listen.',
    causes:
      'Another program holds the port, or the address does not exist on this host; a reload then gives up silently.',
    remedy: 'Stop the other program or change the listen directive, then reload.',
    shownBy: 'scenarios/reloads, integration/listener-causes',
  },
  'restart-would-fail': {
    severity: 'critical',
    meaning: 'The server still runs on what it loaded, and could not start again with what is on disk: a time bomb.',
    causes: 'The config, a certificate, a key or an address that it loads at start was changed or taken since.',
    remedy: "Mend what the server's own config test names before anybody restarts it.",
    shownBy: 'scenarios/reloads, integration/check',
  },
  'wrong-server': {
    severity: 'critical',
    meaning: 'Another server block, or another program, answers for this name and presents its own certificate.',
    causes: 'Two blocks claim the name, the default server answers, or a second server owns the socket.',
    remedy: 'Leave the name to one server block; stop the second server.',
    shownBy: 'scenarios/reloads',
  },
  'stale-copy': {
    severity: 'warning',
    meaning: 'A deployed file is a copy of an older certificate of a lineage, so renewals never reach it.',
    causes: 'Somebody copied the files instead of naming the live links.',
    remedy: 'Name the live paths in the config, or copy the new files and reload.',
    shownBy: 'scenarios/served, decide/copies',
  },
  'endpoint-unreachable': {
    severity: 'critical',
    meaning: 'No handshake succeeds with an endpoint that the config names, so what clients are shown cannot be told.',
    causes: 'The server is not running, or refuses or breaks the handshake.',
    remedy: 'Start the server; look with openssl s_client.',
    shownBy: 'scenarios/served, integration/check',
  },
  'deployment-failing': {
    severity: 'critical',
    meaning: "The agent's last reload did not bring the configured certificates into service.",
    causes: "The config test, the reload or the proof failed; the finding carries the server's own reason.",
    remedy: 'Reload by hand and look.',
    shownBy: 'scenarios/served, decide/drift',
  },
  'key-mismatch': {
    severity: 'critical',
    meaning:
      'A private key does not belong to its certificate. The server would refuse the pair at the next reload or start.',
    causes: 'A renewal that was cut off, or files of two versions that were mixed by hand.',
    remedy: 'Renew the lineage once more, or put the right key there. Until then nothing is reloaded.',
    shownBy: 'scenarios/certificates, integration/check, decide/policies, demo 4',
  },
  'file-missing': {
    severity: 'critical',
    meaning: 'The config names a certificate or key that does not exist: the next restart of the server fails.',
    causes: 'The file was moved or deleted, or a lineage was removed before its server block.',
    remedy: 'Put the file there, or take the directive out.',
    shownBy: 'scenarios/configs, integration/check',
  },
  'file-unreadable': {
    severity: 'critical; unknown where only this user may not read it',
    meaning: 'A file that the config names holds no certificate, is damaged, or may not be read.',
    causes: 'A half-written or wrong file; permissions.',
    remedy: 'Put a readable one there; run as root.',
    shownBy: 'scenarios/configs, decide/policies',
  },
  'config-broken': {
    severity: 'critical; unknown where only this user may not read it',
    meaning: 'The server would refuse its config. It keeps what it loaded, and its next restart fails.',
    causes: 'A mistake at the file and line that the finding names.',
    remedy: "Mend the line and run the server's own config test.",
    shownBy: 'scenarios/configs, integration/check, decide/policies',
  },
  'lineage-broken': {
    severity: 'critical; unknown where only this user may not read it',
    meaning: "certbot's files of a lineage do not lead to one certificate.",
    causes: 'Links or archive files were moved, mixed or deleted.',
    remedy: 'Renew the lineage; where certbot refuses it as it is, put its links back first.',
    shownBy: 'scenarios/lineages, decide/files',
  },
  settling: {
    severity: 'notice',
    meaning: 'certbot is writing this lineage at the moment: it is judged when the four links agree.',
    causes: 'A renewal. What lasts longer than a minute is lineage-broken.',
    remedy: 'Wait.',
    shownBy: 'scenarios/lineages, observe/lineage-swaps',
  },
  expired: {
    severity: 'critical',
    meaning: 'The certificate that clients are shown, or that is configured, has ended.',
    causes: 'Nobody renewed it, or the renewed one was never loaded.',
    remedy: 'Reload where a newer one is on disk, else renew.',
    shownBy: 'scenarios/life, decide/policies',
  },
  'not-yet-valid': {
    severity: 'critical',
    meaning: "The certificate's validity begins later than now.",
    causes: "Usually this host's clock is wrong.",
    remedy: 'Look at timedatectl status.',
    shownBy: 'scenarios/life, decide/policies',
  },
  overdue: {
    severity: 'warning; critical under a sixth of its life',
    meaning: 'The renewal window has passed, and nobody has renewed.',
    causes:
      "certbot's timer is dead or its renewals fail, or the CA wants it earlier than certbot before 4.1 can know. Everything is scaled to the lifetime, never a number of days.",
    remedy: 'Renew the lineage and read why it was not renewed.',
    shownBy: 'scenarios/life, decide/policies',
  },
  due: {
    severity: 'notice',
    meaning: "The certificate is in its renewal window: the CA's own (RFC 9773), else that of its lifetime.",
    causes: "Time, or a CA that asks for it. The agent (mode renew) or certbot's own timer is expected to renew it.",
    remedy: 'None is needed.',
    shownBy: 'scenarios/life, decide/policies, demo 3',
  },
  'renewal-failing': {
    severity: 'warning; critical under a sixth of its life',
    meaning:
      "The last renewal of a lineage failed: the class of the failure, certbot's or the CA's own words, and when the agent tries again.",
    causes:
      "dns (a name cannot be looked up), unauthorized (another answer than the challenge's), connection (port 80, or the CA not reached), caa (a record forbids the CA), rate-limited (waits as the CA asks), rejected-identifier and ca-failed (the CA's own no, or its own failure), config-broken (file and line), plugin-missing, disk-full, timed-out, sandbox-blocked, capped (this host's own limit); certbot-failed where nobody knows.",
    remedy: 'Mend what the class names, then renew; where only time helps the agent says when it tries again.',
    shownBy: 'scenarios/lineages, decide/failed-renewal',
  },
  'renewal-would-fail': {
    severity: 'warning; critical under a sixth of its life',
    meaning: 'The last rehearsal says that a renewal of this lineage would fail if it were tried today.',
    causes:
      'A plugin or the account is gone, a name leads elsewhere or nowhere, the challenge path does not reach the webroot, a CAA record forbids the CA, or the dry run with the staging CA failed: the finding names each check.',
    remedy: 'Mend what is named, then rehearse again: there is time until the renewal is due.',
    shownBy: 'scenarios/rehearsals, decide/rehearsal',
  },
  'renewal-timer-dead': {
    severity: 'warning',
    meaning: 'There are lineages, and nothing on this host runs certbot.',
    causes: 'The timer or cron entry is disabled, masked or missing, or has not run for long.',
    remedy: 'Enable the timer, or let the agent renew (mode = "renew").',
    shownBy: 'scenarios/renewal-timer-dead, observe/renewal-machinery',
  },
  unmanaged: {
    severity: 'warning; notice for a self-signed default',
    meaning: 'Nobody renews this certificate: it belongs to no certbot lineage and to no other client that is known.',
    causes: 'It was installed by hand.',
    remedy:
      '`certherd-agent adopt` moves it to certbot where nginx serves it; else issue it with certbot, or have its owner tell who renews it.',
    shownBy: 'scenarios/configs, decide/copies, integration/adopt',
  },
  'sandbox-blocked': {
    severity: 'unknown; warning where only causes cannot be told',
    meaning:
      "The agent's own sandbox keeps it from seeing or doing something here: the fault is ours, not the server's.",
    causes:
      'A systemd unit, a container or an account without the right to read the files, to connect, to see processes, or to test and reload nginx. The finding names the right, and how that was told.',
    remedy: 'Grant the right that the finding names, or run the check as root.',
    shownBy: 'decide/sandbox, integration/sandbox',
  },
  'name-mismatch': {
    severity: 'warning',
    meaning: 'A server block answers for a name that its certificate does not name: clients turn away.',
    causes: 'A name was added to the config and not to the certificate.',
    remedy: 'Issue the certificate with the name, or take the name out.',
    shownBy: 'scenarios/configs, decide/policies',
  },
  'chain-incomplete': {
    severity:
      'critical where issuers in the file are not sent and clients cannot do without; warning for a wrong order; notice for a leaf alone, and for what is sent needlessly',
    meaning:
      'The certificates in the file, or those that are sent, are not each issued by the next: clients that lack the intermediate refuse the leaf.',
    causes:
      'cert.pem was configured instead of fullchain.pem, the order is wrong, or the server has not loaded the file since its issuers were put in.',
    remedy: 'Leaf first, then each issuer; with certbot that is fullchain.pem. Then reload the server.',
    shownBy: 'scenarios/certificates, decide/files, observe/listed-listeners',
  },
  'chain-untrusted': {
    severity: 'warning',
    meaning: 'The chain does not lead to a root that this host trusts.',
    causes: 'A private CA, a staging certificate, or an intermediate that has ended.',
    remedy: 'Issue it from a trusted CA, or name the private root in the settings.',
    shownBy: 'scenarios/certificates, observe/trust',
  },
  restored: {
    severity: 'warning; critical when a sixth of its life is left',
    meaning: 'A certificate was renewed and is held back: its links lead to the version before, which is in use.',
    causes:
      'The new one left clients without a handshake, or the server refused it, and the agent put the one before back; or links were moved by hand.',
    remedy: 'Mend what kept it out (the finding says what), then have certbot link it again and reload.',
    shownBy: 'scenarios/restored, integration/restore',
  },
  'weak-key': {
    severity: 'warning',
    meaning: 'The key is too small or of a kind that clients no longer accept.',
    causes: 'RSA under 2048 bits, or an elliptic curve below P-256.',
    remedy: 'Issue it again with a new key.',
    shownBy: 'scenarios/certificates, decide/strength',
  },
  'weak-signature': {
    severity: 'warning',
    meaning: 'The certificate is signed with a broken hash.',
    causes: 'SHA-1 or MD5.',
    remedy: 'Issue it again.',
    shownBy: 'scenarios/certificates, decide/strength',
  },
  'key-exposed': {
    severity: 'critical; warning for its group',
    meaning: 'Others on this host can read a private key, or replace it.',
    causes: 'Permissions of the key file or of its directory.',
    remedy: 'Tighten them; where strangers could read it, issue with a new key.',
    shownBy: 'scenarios/certificates, observe/key-exposure',
  },
  'certbot-absent': {
    severity: 'warning',
    meaning: 'There are lineages and no certbot: nothing can renew them.',
    causes: 'certbot was removed, or lives elsewhere.',
    remedy: 'Install it, or name it in the settings.',
    shownBy: 'scenarios/configs, decide/policies',
  },
  'server-absent': {
    severity: 'unknown',
    meaning: 'There are lineages and no server config: what is served cannot be told.',
    causes: 'The server is another one, or its config is elsewhere.',
    remedy: 'Name the config in agent.toml.',
    shownBy: 'scenarios/configs, decide/policies',
  },
  'nothing-found': {
    severity: 'unknown; notice where a server was read and has no TLS',
    meaning: 'There is neither a server with TLS nor a lineage on this host.',
    causes: 'There is nothing to prove here, or it is in another place.',
    remedy: 'Name the places in agent.toml.',
    shownBy: 'integration/check',
  },
  'snapshot-reduced': {
    severity: 'unknown',
    meaning:
      'What was seen on this host is more than the wire takes (8 MiB and 40,000 entries, or 1 MiB where the collector is older than version 3 of the protocol): the collector has its findings only.',
    causes: 'Very many server names and listeners on one host, or a name longer than the wire can hold.',
    remedy: 'The host itself still sees all of it: certherd-agent check.',
    shownBy: 'report/fit',
  },
};
