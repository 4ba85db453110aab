import type { ComponentType } from 'preact';
import type { Role } from '../accounts/role.ts';
import type { Me } from '../serve/action-bodies.ts';
import type { Connection } from '../present/connection.ts';
import type { Known } from '../present/known.ts';
import type { Now } from './parts/moment.tsx';
import { Page as Audit } from './pages/audit/audit-page.tsx';
import { Page as Campaigns } from './pages/campaigns/campaigns-page.tsx';
import { Page as Certificates } from './pages/certificates/certificates-page.tsx';
import { Page as Endpoints } from './pages/endpoints/endpoints-page.tsx';
import { Page as Hosts } from './pages/hosts/hosts-page.tsx';
import { Page as OwnAccount } from './pages/me/me-page.tsx';
import { Page as Inventory } from './pages/inventory/inventory-page.tsx';
import { Page as NowPage } from './pages/now/now-page.tsx';
import { Page as Reports } from './pages/reports/reports-page.tsx';
import { Page as Targets } from './pages/targets/targets-page.tsx';
import { Page as Timeline } from './pages/timeline/timeline-page.tsx';
import { Page as Transparency } from './pages/transparency/transparency-page.tsx';
import { Page as Users } from './pages/users/users-page.tsx';
import type { Router } from './route/router.ts';

/** What every page is given. */
export interface PageProps {
  readonly known: Known;
  readonly connection: Connection;
  readonly now: Now;
  /** Who looks; undefined while that is not known. */
  readonly me: Me | undefined;
  readonly router: Router;
}

export interface PageEntry {
  /** The first part of its path, and the name of its folder; "" is Now, in pages/now. */
  readonly name: string;
  readonly title: string;
  /** The navigation has it for whoever may at least this; `nobody`: only what leads there does. */
  readonly least?: Role | 'nobody';
  /** The page that leads there, and that the navigation marks meanwhile. */
  readonly under?: string;
  /** Where the API has what it shows; absent: in the estate. */
  readonly api?: string;
  /** From pages/NAME/NAME-page.tsx: the collector serves it at /NAME and below. */
  readonly Page: ComponentType<PageProps>;
}

/** Every page in the order of the navigation, but the wall: that is a screen of its own, which reads nothing but what it shows. */
export const pages: readonly PageEntry[] = [
  { name: '', title: 'Now', Page: NowPage },
  { name: 'certificates', title: 'Certificates', api: 'certificates', Page: Certificates },
  { name: 'endpoints', title: 'Endpoints', api: 'endpoints', Page: Endpoints },
  { name: 'hosts', title: 'Hosts', api: 'hosts', Page: Hosts },
  { name: 'targets', title: 'Targets', api: 'targets', Page: Targets },
  // Without a log it is empty: Targets leads there.
  {
    name: 'transparency',
    title: 'Transparency',
    least: 'nobody',
    under: 'targets',
    api: 'transparency?held=false',
    Page: Transparency,
  },
  { name: 'inventory', title: 'Inventory', api: 'labels', Page: Inventory },
  { name: 'timeline', title: 'Timeline', api: 'history', Page: Timeline },
  { name: 'campaigns', title: 'Campaigns', api: 'campaigns', Page: Campaigns },
  { name: 'reports', title: 'Reports', Page: Reports },
  { name: 'users', title: 'Users', least: 'admin', api: 'users', Page: Users },
  { name: 'audit', title: 'Audit', least: 'admin', api: 'audit', Page: Audit },
  { name: 'me', title: 'Your account', least: 'nobody', api: 'me', Page: OwnAccount },
];
