import type { App } from './targets.ts';

interface Description {
  /** At most 60 characters, no article (Debian policy 3.4.1). */
  summary: string;
  /** Paragraphs as lines of at most 79 characters, an empty one between them. */
  text: readonly string[];
  /** deb-control(5): what Node's executable, and SQLite's module, are linked with. */
  depends: readonly string[];
}

/** What each package says of itself, and needs. */
export const descriptions: Readonly<Record<App, Description>> = {
  agent: {
    summary: 'proves that issued, configured and served certificates agree',
    text: [
      'Looks at what certbot issued, what nginx, Apache and HAProxy are configured',
      'to use, and what every TLS endpoint of this host really presents, and says',
      'why they disagree and how to mend it. Where the local policy allows it, it',
      'renews through certbot, reloads nginx and proves the result.',
      '',
      'As installed it only observes, as its own user.',
    ],
    depends: ['libc6 (>= 2.28)', 'libgcc-s1 | libgcc1', 'libstdc++6'],
  },
  collector: {
    summary: 'status of all certificates of a fleet, with page and metrics',
    text: [
      'Receives what the agents of a fleet prove about their certificates, keeps',
      'it in one SQLite file, and shows it on a live page, as JSON and as Prometheus',
      'metrics.',
      '',
      'As installed its page is reachable from this host only.',
    ],
    depends: ['libc6 (>= 2.34)', 'libgcc-s1', 'libstdc++6'],
  },
};
