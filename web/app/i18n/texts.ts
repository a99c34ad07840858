/** The shape of a dictionary, with any text in place of the English. */
export type Texts<T> = {
  readonly [K in keyof T]: T[K] extends string
    ? string
    : T[K] extends (...parameters: never[]) => string
      ? T[K]
      : Texts<T[K]>;
};
