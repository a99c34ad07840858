import { beforeEach, expect, it } from "vitest";
import { Persons } from "./persons.js";

let persons: Persons;

beforeEach(() => {
  persons = new Persons();
});

it("shows the first person until another one is chosen", () => {
  expect(persons.shown).toBeUndefined();
  persons.see(2, 0);
  expect(persons.shown).toBe(2);
  persons.see(1, 10);
  expect(persons.present).toEqual([1, 2]);
  expect(persons.shown).toBe(1);
  persons.choose(2);
  expect(persons.shown).toBe(2);
});

it("shows the first person while the chosen one is away", () => {
  persons.see(0, 0);
  persons.see(1, 0);
  persons.choose(1);
  persons.see(0, 600);
  expect(persons.present).toEqual([0]);
  expect(persons.shown).toBe(0);
  persons.see(1, 633);
  expect(persons.shown).toBe(1);
});

it("knows nobody after it was cleared", () => {
  persons.see(0, 0);
  persons.clear();
  expect(persons.present).toEqual([]);
  persons.see(1, 10);
  expect(persons.shown).toBe(1);
});
