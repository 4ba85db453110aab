import { render } from 'preact';
import { collectorClock } from './live/collector-clock.ts';
import { followEstate } from './live/follow-estate.ts';
import { StatusPage } from './status-page.tsx';

const browser = { wall: () => Date.now(), monotonic: () => performance.now() };
const clock = collectorClock(browser);
const live = followEstate(browser, clock);
const root = document.getElementById('page');
if (root !== null) render(<StatusPage live={live} clock={clock} />, root);
