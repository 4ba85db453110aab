import type { PageProps } from '../../pages.ts';
import { CertificateDetail } from './certificate-detail.tsx';
import { CertificateList } from './certificate-list.tsx';
import { ListedPage } from './listed.tsx';

/** Every certificate that any host found; below it one of them, or the imported list. */
export function Page(props: PageProps) {
  const { item } = props.router.place.value;
  if (item === undefined) return <CertificateList {...props} />;
  if (item === 'listed') return <ListedPage {...props} />;
  return <CertificateDetail fingerprint={item} {...props} />;
}
