const places = [
  ['', 'Rules'],
  ['/given', 'What has which label'],
  ['/import', 'Imported list'],
] as const;

/** The way between the parts of the inventory. */
export function Places({ at }: { at: (typeof places)[number][0] }) {
  return (
    <nav class="beside" aria-label="Inventory">
      <ul class="places">
        {places.map(([path, title]) => (
          <li key={path}>
            <a href={`/inventory${path}`} aria-current={path === at ? 'page' : undefined}>
              {title}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
