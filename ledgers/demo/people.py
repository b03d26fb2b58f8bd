"""Synthetic people. Their ID numbers have the prefix 439999, which no place in China has."""

from __future__ import annotations

import random
from dataclasses import dataclass

SURNAMES = "王李张刘陈杨黄赵周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "建国秀英丽华志强海燕晓东玉兰文博雪梅思源佳怡子涵立新春生国庆红霞俊杰美玲宏伟金凤永康明亮"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS = "10X98765432"


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    gender: str
    id_number: str
    phone: str


def person(dice: random.Random, *, first_year: int = 1962, last_year: int = 2001) -> Person:
    female = dice.random() < 0.47
    name = dice.choice(SURNAMES) + "".join(dice.sample(GIVEN, dice.choice((1, 2, 2, 2))))
    born = f"{dice.randint(first_year, last_year)}{dice.randint(1, 12):02}{dice.randint(1, 28):02}"
    body = f"439999{born}{dice.randint(0, 49):02}{dice.choice('02468' if female else '13579')}"
    check = CHECK_DIGITS[sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True)) % 11]
    phone = f"1{dice.choice('3578')}{dice.randint(0, 999_999_999):09}"
    return Person(name, "女" if female else "男", body + check, phone)
