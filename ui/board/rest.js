/* The second part of a board: it hands its cards to the board, which draws them. Small, because it is sent at every run. */
export default function hand({ data }) {
  const part = JSON.parse(new TextDecoder().decode(data));
  const rests = (window.centerlineRests ??= new Map());
  rests.set(part.board, part);
  window.centerlineRest?.(part.board);
  return () => {
    rests.delete(part.board);
    window.centerlineRest?.(part.board);
  };
}
