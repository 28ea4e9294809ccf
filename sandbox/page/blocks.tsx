import type { ActionsBlock, ContextBlock, KnownBlock, SectionBlock } from '@slack/types';
import { CannotDraw } from './cannot-draw.tsx';
import { Element } from './element.tsx';
import { InputField } from './input-field.tsx';
import { Text } from './mrkdwn.tsx';
import { RichText } from './rich-text.tsx';
import { rowName } from './row-name.ts';
import { TableBlock } from './table.tsx';
import type { Where } from './where.ts';

/** Blocks, one below the other. */
export function Blocks({ blocks, where }: { blocks: readonly KnownBlock[]; where: Where }) {
  return (
    <div class="blocks">
      {blocks.map((block, index) => (
        // By place, not by id: ids change with each drawing, and an open menu should outlive one.
        <Block key={`${index} ${block.type}`} block={block} where={where} name={rowName(blocks, index)} />
      ))}
    </div>
  );
}

function Block({ block, where, name }: { block: KnownBlock; where: Where; name: string }) {
  switch (block.type) {
    case 'header':
      return where.in === 'modal' ? (
        <h3 class="header">{block.text.text}</h3>
      ) : (
        <h2 class="header">{block.text.text}</h2>
      );
    case 'section':
      return <Section block={block} where={where} name={name} />;
    case 'context':
      return <Context block={block} />;
    case 'actions':
      return <Actions block={block} where={where} name={name} />;
    case 'divider':
      return <hr />;
    case 'rich_text':
      return <RichText block={block} />;
    case 'input':
      return <InputField block={block} where={where} />;
    case 'table':
      return <TableBlock block={block} />;
    default:
      return <CannotDraw type={block.type} />;
  }
}

function Section({ block, where, name }: { block: SectionBlock; where: Where; name: string }) {
  const { text, fields, accessory } = block;
  return (
    <div class="section">
      <div class="section-body">
        {text && (
          <p class={fields === undefined ? 'text' : 'text title'}>
            <Text text={text} />
          </p>
        )}
        {fields && (
          <div class="fields">
            {fields.map((field, index) => (
              <p key={index}>
                <Text text={field} />
              </p>
            ))}
          </div>
        )}
      </div>
      {accessory && (
        <div class="accessory">
          <Element element={accessory} blockId={block.block_id ?? ''} where={where} name={name} />
        </div>
      )}
    </div>
  );
}

function Context({ block }: { block: ContextBlock }) {
  return (
    <div class="context">
      {block.elements.map((element, index) =>
        element.type === 'image' ? (
          <CannotDraw key={index} type="image" />
        ) : (
          <span key={index}>
            <Text text={element} />
          </span>
        ),
      )}
    </div>
  );
}

function Actions({ block, where, name }: { block: ActionsBlock; where: Where; name: string }) {
  return (
    <div class="actions">
      {block.elements.map((element, index) => (
        <Element
          key={`${index} ${element.type}`}
          element={element}
          blockId={block.block_id ?? ''}
          where={where}
          name={name}
        />
      ))}
    </div>
  );
}
