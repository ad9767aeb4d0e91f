/**
 * Parts of the overview whose data come from other systems (invoices, say). Each stands in a boundary of its own and
 * says itself when its source is down, so that nothing else on the page suffers. A block is added to this list.
 */
import type { ComponentType } from 'react';
import { Boundary } from './basics.tsx';

const BLOCKS: readonly { name: string; Block: ComponentType }[] = [];

export function Blocks() {
  return BLOCKS.map(({ name, Block }) => (
    <Boundary key={name}>
      <Block />
    </Boundary>
  ));
}
