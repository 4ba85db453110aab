import { render } from 'preact';
import { collectorClock } from './live/collector-clock.ts';
import { followEstate } from './live/follow-estate.ts';
import { followMe } from './live/follow-me.ts';
import { pages } from './pages.ts';
import { createRouter } from './route/router.ts';
import { Shell } from './shell.tsx';

const browser = { wall: () => Date.now(), monotonic: () => performance.now() };
const clock = collectorClock(browser);
const live = followEstate(browser, clock);
const me = followMe(live.connection);
const router = createRouter(window, (page) => pages.some(({ name }) => name === page));
const root = document.getElementById('page');
if (root !== null) render(<Shell live={live} clock={clock} me={me} router={router} />, root);
