import test from 'ava';
import { readUnitProperties } from '../../../agent/formats/unit-properties.ts';

test('units are told apart by blank lines, and values keep their equals signs', (t) => {
  const units = readUnitProperties(
    'Id=a.service\nMainPID=7\nEnvironment=A=b\n\nActiveState=active\nId=b.socket\nUnitFileState=\n',
  );
  t.is(units.get('a.service')?.get('Environment'), 'A=b');
  t.is(units.get('b.socket')?.get('UnitFileState'), '');
  t.is(units.get('b.socket')?.get('MainPID'), undefined);
  t.is(readUnitProperties('').get('a.service'), undefined);
  t.is(readUnitProperties('Failed to connect to bus: No such file or directory\n').get('a.service'), undefined);
});
