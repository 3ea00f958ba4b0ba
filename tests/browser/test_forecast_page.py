"""The what-ifs of the forecast: they stay in the address, change what is said, and no kept answer is mixed up."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Opener, Server, Visit

pytestmark = pytest.mark.browser

FIGURES = ("net_flow", "clear_p50", "clear_chance", "more_needed")


def said(seen: Visit) -> list[str]:
    return [seen.page.locator(f"[data-metric={name}]").inner_text() for name in FIGURES]


def test_a_what_if_stays_in_the_address_and_is_taken_back(server: Server, visit: Opener) -> None:
    plain = visit(f"{server.url}/forecast?role=director-ELE&center=ELE")
    assert plain.page.locator(".cl-problem").count() == 0
    assert plain.complaints == []
    before = said(plain)
    thumb = plain.page.get_by_role("slider", name="People")
    thumb.focus()
    for _ in range(4):
        plain.page.keyboard.press("ArrowRight")
    plain.page.wait_for_function("() => /people=\\d+/.test(location.search)")
    plain.page.get_by_text("people instead of").wait_for()
    plain.settle()
    tried = said(plain)
    assert tried != before

    again = visit(plain.page.url)
    assert said(again) == tried
    assert "people instead of" in again.page.locator("p[role=status]").inner_text()
    again.page.get_by_role("button", name="Reset").click()
    again.page.wait_for_function("() => !location.search.includes('people=')")
    again.settle()
    assert said(again) == before
    assert said(visit(f"{server.url}/forecast?role=director-ELE&center=ELE")) == before


def test_what_no_slider_reaches_is_left_out(server: Server, visit: Opener) -> None:
    plain = visit(f"{server.url}/forecast?role=director-ELE&center=ELE")
    for query in ("people=many&hours=-3&overtime=900&psc_auto=x&level=never", "people=99999&overtime=nan&level=-4"):
        odd = visit(f"{server.url}/forecast?role=director-ELE&center=ELE&{query}")
        assert odd.page.locator(".cl-problem").count() == 0
        assert said(odd) == said(plain), query


def test_people_that_were_tried_are_forgotten_with_another_center(server: Server, visit: Opener) -> None:
    seen = visit(f"{server.url}/forecast?role=analyst&center=ELE&people=5")
    assert "people=5" in seen.page.url
    seen.page.get_by_role("button", name="Clear filters").click()
    seen.page.wait_for_function("() => !location.search.includes('people=')")
    seen.settle()
    assert seen.page.get_by_text("People are known for Centers alone").count() >= 1


def test_a_working_group_has_no_such_page(server: Server, visit: Opener) -> None:
    seen = visit(f"{server.url}/forecast?role=working_group")
    assert seen.page.locator("nav, header").get_by_text("Forecast").count() == 0
    assert seen.page.locator("[data-metric=clear_chance]").count() == 0
