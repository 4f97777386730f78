/** The package has types that its `exports` do not lead to. These are the functions used here. */
declare module 'cephes' {
  /** Resolves when the functions may be called. */
  export const compiled: Promise<void>;
  export function ndtr(x: number): number;
  export function ndtri(p: number): number;
  export function stdtr(freedom: number, t: number): number;
  export function incbet(a: number, b: number, x: number): number;
  export function incbi(a: number, b: number, p: number): number;
}
