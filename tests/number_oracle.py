#!/usr/bin/env python3
"""Judge number_calc with Python's integers and decimals.

usage: number_oracle.py NUMBER_CALC [COUNT [SEED]]

Sends COUNT random calculations on numbers of 1 to 40 digits to the program and
computes each again: with exact decimals, or, where 36 digits do not hold the
result, with the double that is nearest to the exact one.  Prints the first
difference and exits 1.
"""

import decimal
import fractions
import math
import random
import subprocess
import sys

DIGITS = 36
PLACES = 76
decimal.getcontext().prec = 400
decimal.getcontext().rounding = decimal.ROUND_HALF_EVEN


def draw(rng):
    """A random decimal as (coefficient, scale): all lengths, many zeros."""
    coef = rng.randrange(10 ** rng.randint(1, rng.choice((6, 18, 20, 36, 40))))
    if rng.random() < 0.3:
        coef -= coef % 10 ** rng.randint(0, 9)
    if rng.random() < 0.02:
        coef = 10 ** rng.randint(16, 40) - rng.randint(0, 1)
    if rng.random() < 0.5:
        coef = -coef
    return coef, rng.choice((0, 0, 1, 2, rng.randint(0, 18), rng.randint(0, 40)))


def near(rng, value):
    """A number that differs little from another one."""
    coef, scale = value
    if rng.random() < 0.5:
        coef += rng.randint(-1, 1)
    zeros = rng.choice((0, 0, 1, 5))
    return coef * 10**zeros, scale + zeros


def near_half(rng):
    """A dividend and a divisor whose quotient is next to half of two doubles."""
    half = rng.randrange(2**53 + 1, 2**54, 2)
    divisor = rng.randrange(1, 10 ** rng.randint(1, 19))
    dividend = half * divisor + rng.randint(-1, 1)
    return (dividend, rng.choice((0, 2, 40))), (divisor, rng.choice((0, 0, 2, 40)))


def write(coef, scale):
    """The text of a decimal, -0 as 0."""
    if scale < 0:
        coef, scale = coef * 10**-scale, 0
    digits = str(abs(coef)).rjust(scale + 1, "0")
    sign = "-" if coef < 0 else ""
    if scale == 0:
        return sign + digits
    return f"{sign}{digits[:-scale]}.{digits[-scale:]}"


def shorten(coef, scale):
    """The same without zeros that make it too long; None: it does not fit."""
    while (abs(coef) >= 10**DIGITS or scale > DIGITS) and coef % 10 == 0:
        coef //= 10
        scale -= 1
    if abs(coef) >= 10**DIGITS or scale > PLACES or abs(coef) >= 10 ** (PLACES + scale):
        return None
    return coef, scale


def write_double(value):
    """The canonical text of a double: shortest, positional from 1e-7 to 1e21."""
    if value == 0:
        return "0"
    if 1e-7 <= abs(value) < 1e21:
        return format(decimal.Decimal(repr(value)).normalize(), "f")
    mantissa, exponent = f"{decimal.Decimal(repr(value)).normalize():e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def nearest(exact):
    """The double nearest to a fraction."""
    return exact.numerator / exact.denominator


def settle(coef, scale):
    """A decimal if it fits without its trailing zeros, else a double."""
    short = shorten(coef, scale)
    if short is not None:
        return write(*short)
    return write_double(nearest(fractions.Fraction(coef) / fractions.Fraction(10) ** scale))


def divide(a, b):
    """Exact with the shortest scale, or the nearest double."""
    if b[0] == 0:
        return "zero"
    exact = fractions.Fraction(a[0] * 10 ** b[1], b[0] * 10 ** a[1])
    rest, power = exact.denominator, 0
    while rest % 10 == 0:
        rest, power = rest // 10, power + 1
    for prime in (2, 5):
        while rest % prime == 0:
            rest, power = rest // prime, power + 1
    short = shorten(int(exact * 10**power), power) if rest == 1 else None
    return write_double(nearest(exact)) if short is None else write(*short)


def halves(value, places, mode):
    """A decimal rounded to so many places, as text without -0."""
    exact = decimal.Decimal(value[0]).scaleb(-value[1])
    text = format(exact.quantize(decimal.Decimal(1).scaleb(-places), mode), "f")
    return text


def round_places(value, places):
    """Half away from zero, with at most places decimals."""
    coef, scale = value
    if places >= scale:
        return write(coef, scale)
    unit = 10 ** (scale - places)
    coef = (abs(coef) * 2 + unit) // (2 * unit) * (1 if coef > 0 else -1)
    return settle(coef, places)


def whole(value, op):
    """int, floor and ceil of a decimal."""
    unit = 10 ** value[1]
    if op == "F":
        return settle(value[0] // unit, 0)
    if op == "C":
        return settle(-(-value[0] // unit), 0)
    return settle(abs(value[0]) // unit * (1 if value[0] > 0 else -1), 0)


def expected(a, op, b):
    """What the program must answer."""
    top = max(a[1], b[1])
    x, y = a[0] * 10 ** (top - a[1]), b[0] * 10 ** (top - b[1])
    if op == "+":
        return settle(x + y, top)
    if op == "-":
        return settle(x - y, top)
    if op == "*":
        return settle(a[0] * b[0], a[1] + b[1])
    if op == "/":
        return divide(a, b)
    if op == "%":
        if y == 0:
            return "zero"
        return settle(int(math.copysign(1, x)) * (abs(x) % abs(y)), top)
    if op == "c":
        return str((x > y) - (x < y))
    if op == "r":
        return round_places(a, b[0])
    if op in "<>":
        return write(*(a if (x <= y if op == "<" else x >= y) else b))
    if op in "FCI":
        return whole(a, op)
    if op == "A":
        return write(abs(a[0]), a[1])
    if op == "p":
        return write(*a)
    if op == "d":
        return str(abs(a[0]) // 10 ** a[1] * (1 if a[0] > 0 else -1))
    if op == "g":
        text = halves(a, b[0], decimal.ROUND_HALF_EVEN)
        return text if a[0] < 0 else text.lstrip("-")
    text = halves(a, b[0], decimal.ROUND_HALF_UP)
    return text.lstrip("-") if not text.strip("-0.") else text


def calculation(rng):
    """A line for the program and what it must answer."""
    a, op = draw(rng), rng.choice("+-*/%%ccrf<>FCIAgdpj")
    b = near(rng, a) if rng.random() < 0.2 else draw(rng)
    if op == "/" and rng.random() < 0.3:
        a, b = near_half(rng)
    if op == "r":
        b = rng.randint(-42, 42), 0
    elif op in "fg":
        b = rng.randint(0, 40), 0
    first, second = write(*a), write(*b)
    if op == "j":  # any text of a number keeps its digits
        return f"{rng.choice(('', '00'))}{first} j 0".replace("00-", "-00"), first
    a, b = shorten(*a), shorten(*b)
    line = f"{first} {op} {second}"
    if a is None or b is None:
        return line, "long"
    if rng.random() < 0.1:  # an exponent that changes nothing
        line = f"{first}e0 {op} {second}"
    a, b = (n if n[1] >= 0 else (n[0] * 10 ** -n[1], 0) for n in (a, b))
    return line, expected(a, op, b)


def decimal_of(text):
    """The coefficient and scale of any number's text."""
    sign, digits, exponent = decimal.Decimal(text).as_tuple()
    return int("".join(map(str, digits))) * (-1 if sign else 1), -exponent


def doubles(rng, count):
    """Texts of doubles and how they must print."""
    for _ in range(count):
        value = math.ldexp(rng.random() + 0.5, rng.randint(-1000, 1000))
        if rng.random() < 0.3:
            value = math.ldexp(1.0, rng.randint(-1074, 1023))
        exact = decimal.Decimal(value).normalize().as_tuple()
        if shorten(int("".join(map(str, exact.digits))), -exact.exponent) is None:
            yield f"{value:.40e}", value


def main():
    calc, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200000
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 20)
    lines, wants = [], []
    for _ in range(count):
        line, want = calculation(rng)
        lines.append(line)
        wants.append(want)
    for text, value in doubles(rng, count // 8):
        if shorten(*decimal_of(text)) is not None:
            continue  # exact in its 41 digits
        places = rng.randint(0, 40)
        fixed = f"{value:.{places}f}"
        lines += [f"{text} p 0", f"{text} f {places}", f"{text} g {places}"]
        wants += [write_double(value), fixed, fixed]
    answer = subprocess.run(
        [calc], input="\n".join(lines), stdout=subprocess.PIPE, text=True, check=True
    )
    gots = answer.stdout.splitlines()
    if len(gots) != len(wants):
        sys.exit(f"{len(gots)} answers to {len(wants)} questions")
    for line, want, got in zip(lines, wants, gots):
        if want != got:
            sys.exit(f"{line}: expected {want}, got {got}")
    print(f"{len(wants)} agree")


if __name__ == "__main__":
    main()
