/**
 * Names of the certbot plugins that one installed Python package brings, from its entry_points.txt (the "entry points"
 * specification of the Python packaging guide): the keys of its section [certbot.plugins]. Until certbot 1.x third-party
 * ones were called "package:name"; only the last part is kept.
 */
export function certbotPluginsIn(entryPoints: string): string[] {
  const names: string[] = [];
  let isOurs = false;
  for (const raw of entryPoints.split('\n')) {
    const line = raw.trim();
    if (line.startsWith('[')) isOurs = line === '[certbot.plugins]';
    else if (isOurs && line !== '' && !/^[#;]/.test(line)) {
      const [name = ''] = line.split('=');
      names.push(plainName(name.trim()));
    }
  }
  return names.filter((name) => name !== '');
}

/** "certbot-route53:auth" as renewal configs of old name it, without the package. */
export function plainName(plugin: string): string {
  return plugin.slice(plugin.lastIndexOf(':') + 1);
}
