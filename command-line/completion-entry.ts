import type { CommandEntry } from './command.ts';

/** The command `completion` of this program in its table, without what runs it. */
export function completionEntry(program: string, exits: { ok: number; usage: number }): Omit<CommandEntry, 'run'> {
  return {
    name: 'completion',
    summary: 'print the completions for a shell: bash, zsh or fish',
    arguments: [{ name: 'shell', values: 'shell' }],
    options: [],
    examples: [
      {
        command: `completion bash > /etc/bash_completion.d/${program}`,
        what: 'for all users, from their next shell on',
      },
      { command: `completion zsh > "\${fpath[1]}/_${program}"`, what: 'for zsh' },
      { command: `completion fish > ~/.config/fish/completions/${program}.fish`, what: 'for fish' },
    ],
    exits: [
      { code: exits.ok, what: 'printed' },
      { code: exits.usage, what: 'another shell' },
    ],
  };
}
