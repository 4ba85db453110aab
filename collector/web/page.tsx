import { render } from 'preact';
import { collectorClock } from './live/collector-clock.ts';
import { followEstate } from './live/follow-estate.ts';
import { followMe } from './live/follow-me.ts';
import { followWall } from './live/follow-wall.ts';
import { pages } from './pages.ts';
import { Wall } from './pages/wall/wall-page.tsx';
import { createRouter } from './route/router.ts';
import { Shell } from './shell.tsx';

const browser = { wall: () => Date.now(), monotonic: () => performance.now() };
const clock = collectorClock(browser);
const root = document.getElementById('page');
if (root !== null) render(location.pathname.split('/')[1] === 'wall' ? wall() : shell(), root);

function shell() {
  const live = followEstate(browser, clock);
  const router = createRouter(window, (page) => pages.some(({ name }) => name === page));
  return <Shell live={live} clock={clock} me={followMe(live.connection)} router={router} />;
}

function wall() {
  return <Wall live={followWall(clock)} now={clock.now} />;
}
