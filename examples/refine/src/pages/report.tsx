import { useCustom, usePermissions } from '@refinedev/core';
import { Forbidden } from './messages';

type Figures = { visits: number; signIns: number; refused: number };

/** For admins. Hiding it is a courtesy; the API refuses everybody else. */
export function Report() {
  const { data: roles, isLoading } = usePermissions<string[]>({});
  if (isLoading) return null;
  return roles?.includes('admin') ? <Numbers /> : <Forbidden />;
}

function Numbers() {
  const { result } = useCustom<Figures>({ url: '/report', method: 'get' });
  const { visits, signIns, refused } = result.data ?? {};
  return (
    <>
      <h1>Report</h1>
      <dl className="figures" data-testid="report">
        <Figure name="Visits" value={visits} />
        <Figure name="Sign-ins" value={signIns} />
        <Figure name="Refused" value={refused} />
      </dl>
    </>
  );
}

function Figure({ name, value }: { name: string; value?: number }) {
  return (
    <div className="card">
      <dt>{name}</dt>
      <dd>{value?.toLocaleString('en') ?? '…'}</dd>
    </div>
  );
}
