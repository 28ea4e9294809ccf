import type { TableBlock as Table } from '@slack/types';
import { Inline } from './rich-text.tsx';

type Cell = Table['rows'][number][number];

/** A table; wider than its place, it is scrolled sideways. */
export function TableBlock({ block }: { block: Table }) {
  const [head = [], ...rows] = block.rows;
  const align = (column: number): string => `align-${block.column_settings?.[column]?.align ?? 'left'}`;
  return (
    <div class="table" role="region" aria-label="Table" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {head.map((cell, column) => (
              <th key={column} scope="col" class={align(column)}>
                <CellText cell={cell} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column} class={align(column)}>
                  <CellText cell={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function CellText({ cell }: { cell: Cell }) {
  if (!('elements' in cell)) return <>{'text' in cell ? cell.text : ''}</>;
  const lines = cell.elements.flatMap((part) => (part.type === 'rich_text_list' ? [] : part.elements));
  return <Inline elements={lines} />;
}
