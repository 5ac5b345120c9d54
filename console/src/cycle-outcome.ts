/** How a cycle went, by what there is a text for. */
export function outcomeOf({ isLeader, isWhole }: { isLeader: boolean; isWhole: boolean }) {
  return isWhole ? 'whole' : isLeader ? 'partly' : 'waits';
}
