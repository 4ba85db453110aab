import type { OptionEntry, Options } from '@certherd/command-line/command';
import { exitCodes } from './command.ts';
import { type CommandEntry, commonOf, textOf, usualExits } from './command-entry.ts';

const text = (flag: string, value: string, summary: string): OptionEntry => ({ flag, value, values: 'text', summary });

const selection: readonly OptionEntry[] = [
  text('--issuer', 'NAME', "the issuer's name, organisation or common name; * for any characters"),
  text('--key', 'KIND', 'the kind of key: RSA, "RSA 2048", EC'),
  text('--issued-before', 'DAY', 'issued before this day or instant, which lies behind'),
  text('--ends-before', 'DAY', 'valid no longer than up to this day or instant'),
  text('--name', 'NAME', 'one of the names; * for any characters'),
  text('--host', 'HOST', 'the host that renews it: its name or agent id; * for any characters'),
  text('--owner', 'OWNER', 'with this label'),
  text('--team', 'TEAM', 'with this label'),
  text('--environment', 'NAME', 'with this label'),
];

const limits: readonly OptionEntry[] = [
  text('--tolerance', 'COUNT', 'lineages that may fail before it pauses (default: 0)'),
  text('--at-once', 'COUNT', 'lineages in hand at the same time (default: 4)'),
  text('--per-host', 'COUNT', 'of these on one host (default: 1)'),
  text('--per-owner', 'COUNT', 'of these of one owner (default: 2)'),
  text('--per-domain', 'COUNT', 'certificates of one registered domain in seven days (default: 50)'),
  text('--per-names', 'COUNT', 'certificates for the very same names in seven days (default: 5)'),
  text('--per-three-hours', 'COUNT', 'lineages that are asked for in three hours (default: 100)'),
  text('--deadline', 'TIME', 'by when each has to be served: 30m, 2h (default: 1h; up to 1d)'),
];

const json: OptionEntry = { flag: '--json', summary: 'print {version, campaign, members}, as /api/v1/campaigns/ID' };
const why = text('--reason', 'TEXT', 'why, for the history');
const given = (options: Options): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(options).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );

const campaignId = { name: 'campaign', values: 'text' } as const;

const change = (act: 'pause' | 'resume' | 'abort', summary: string, details: string): CommandEntry => ({
  name: `campaign ${act}`,
  summary,
  details,
  arguments: [campaignId],
  options: [why, json],
  examples: [{ command: `campaign ${act} 3f2a91c0 --reason "as agreed"`, what: 'by the beginning of its id' }],
  exits: usualExits,
  settled: true,
  run: async ([id = ''], options, console) =>
    (await import('./campaign.ts')).actOnCampaign(
      id,
      { act },
      { ...commonOf(options), reason: textOf(options['reason']) },
      console,
    ),
});

/** Certificates that are replaced in waves. */
export const campaignEntries: readonly CommandEntry[] = [
  {
    name: 'campaign plan',
    summary: 'what a campaign would replace, in which waves, and what no agent can replace; begins nothing',
    details: 'What is given has to fit all at once. Asks the collector that serves here.',
    options: [...selection, ...limits, { flag: '--json', summary: 'print the plan, as /api/v1/campaign-plan has it' }],
    examples: [
      {
        command: 'campaign plan --issuer "Example CA" --issued-before 2026-11-01',
        what: 'what such a CA has to revoke',
      },
      { command: 'campaign plan --key RSA --owner shop', what: 'one owner, one kind of key' },
    ],
    exits: usualExits,
    settled: true,
    run: async (_args, options, console) =>
      (await import('./campaign.ts')).planCampaign({ ...commonOf(options), given: given(options) }, console),
  },
  {
    name: 'campaign start',
    summary: 'show the plan, ask, and begin: each certificate is renewed by its own agent, in waves',
    details:
      "A lineage is done once its new certificate is served wherever the old one was. The host's own policy has the last word. It pauses on the first failure.",
    options: [...selection, ...limits, why, { flag: '--yes', summary: 'begin without asking' }, json],
    examples: [
      {
        command:
          'campaign start --issuer "Example CA" --issued-before 2026-11-01 --reason "the CA revokes them on Friday"',
        what: 'all of them, at most four at a time',
      },
    ],
    exits: usualExits,
    settled: true,
    run: async (_args, options, console) =>
      (await import('./campaign.ts')).startCampaign(
        {
          ...commonOf(options),
          given: given(options),
          reason: textOf(options['reason']),
          yes: options['yes'] === true,
        },
        console,
      ),
  },
  {
    name: 'campaign list',
    summary: 'campaigns, the newest first, with what of each is served',
    options: [{ flag: '--json', summary: 'print {version, at, items}, as /api/v1/campaigns' }],
    examples: [{ command: 'campaign list', what: 'a line for each' }],
    exits: usualExits,
    settled: true,
    run: async (_args, options, console) => (await import('./campaign.ts')).listCampaigns(commonOf(options), console),
  },
  {
    name: 'campaign show',
    summary: 'one campaign: each lineage, what is served, and why it failed or waits',
    arguments: [campaignId],
    options: [{ flag: '--wait', summary: 'until it runs no more' }, json],
    examples: [
      { command: 'campaign show 3f2a91c0', what: 'by the beginning of its id' },
      { command: 'campaign show 3f2a91c0 --wait', what: 'for scripts' },
    ],
    exits: [
      { code: exitCodes.ok, what: 'shown; with --wait: all is done' },
      { code: exitCodes.failed, what: 'failed; with --wait: it is paused, was aborted, or some failed' },
      { code: exitCodes.usage, what: 'wrong usage' },
      { code: exitCodes.config, what: 'wrong settings' },
    ],
    settled: true,
    run: async ([id = ''], options, console) =>
      (await import('./campaign.ts')).showCampaign(
        id,
        { ...commonOf(options), wait: options['wait'] === true },
        console,
      ),
  },
  change('pause', 'ask for nothing more; what is in hand goes on', 'Requests that were sent cannot be taken back.'),
  change('resume', 'go on; what failed is asked for again', 'A host does an attempt once, however often it is asked.'),
  {
    name: 'campaign skip',
    summary: 'leave one lineage out, by its number in campaign show',
    arguments: [campaignId, { name: 'number', values: 'text' }],
    options: [why, json],
    examples: [{ command: 'campaign skip 3f2a91c0 7 --reason "done by hand"', what: 'the seventh' }],
    exits: usualExits,
    settled: true,
    run: async ([id = '', number = ''], options, console) =>
      (await import('./campaign.ts')).actOnCampaign(
        id,
        { act: 'skip', member: number },
        { ...commonOf(options), reason: textOf(options['reason']) },
        console,
      ),
  },
  change('abort', 'end it for good; what is in hand goes on', 'Certificates that were replaced stay.'),
];
