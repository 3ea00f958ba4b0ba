"""A director opens their own desk: their page, their Center, and another's only when they ask for it."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Opener, Server, Visit

pytestmark = pytest.mark.browser


def test_a_bare_address_opens_the_desk_of_the_own_center(server: Server, visit: Opener) -> None:
    seen = visit(f"{server.url}/?role=director-ELE")
    assert "/workload" in seen.page.url
    assert "center=ELE" in seen.page.url
    assert seen.page.locator(".cl-sub").inner_text().startswith("Electronics")


@pytest.mark.parametrize("query", ["port=2704", "center="])
def test_an_address_that_names_no_center_opens_the_own_one(server: Server, visit: Opener, query: str) -> None:
    seen = visit(f"{server.url}/workload?role=director-PHC&{query}")
    assert "center=PHC" in seen.page.url
    assert seen.page.locator(".cl-sub").inner_text().startswith("Pharma & Chemicals")


def test_all_centers_are_said_in_the_address(server: Server, visit: Opener) -> None:
    seen = visit(f"{server.url}/workload?role=director-PHC")
    seen.page.get_by_role("button", name="Clear filters").click()
    seen.page.wait_for_function("() => location.search.includes('center=all')")
    seen.settle()
    assert "Pharma" not in seen.page.locator(".cl-sub").inner_text()
    again = visit(seen.page.url)
    assert "center=all" in again.page.url
    assert "Pharma" not in again.page.locator(".cl-sub").inner_text()
    assert again.page.locator(".cl-notices").count() == 0


def test_another_center_in_the_address_is_shown(server: Server, visit: Opener) -> None:
    seen = visit(f"{server.url}/workload?role=director-PHC&center=ELE")
    assert seen.page.locator(".cl-sub").inner_text().startswith("Electronics")


def test_leadership_begins_with_everything(server: Server, visit: Opener) -> None:
    seen = visit(f"{server.url}/?role=leadership")
    assert "/overview" in seen.page.url
    assert "center=" not in seen.page.url


def test_the_center_follows_whose_view_is_chosen(server: Server, visit: Opener) -> None:
    seen = visit(f"{server.url}/workload?role=director-ELE")
    box = seen.page.locator(".st-key-role_choice input")
    box.click()
    seen.page.get_by_role("option", name="Center director · Pharma & Chemicals").click()
    seen.page.wait_for_function("() => document.querySelector('.cl-sub')?.innerText.startsWith('Pharma')")
    seen.settle()
    seen.page.wait_for_function("() => location.search.includes('center=PHC')")
    box.click()
    seen.page.get_by_role("option", name="Leadership", exact=True).click()
    seen.page.wait_for_function("() => !location.search.includes('center=')")
    seen.settle()
    assert "role=leadership" in seen.page.url
    assert "Pharma" not in seen.page.locator(".cl-sub").inner_text()


def see_as(seen: Visit, view: str) -> None:
    seen.page.locator(".st-key-role_choice input").click()
    seen.page.get_by_role("option", name=view, exact=True).click()


def test_a_center_that_the_reader_chose_stays_when_the_view_changes(server: Server, visit: Opener) -> None:
    seen = visit(f"{server.url}/workload?role=director-ELE&center=AUT&port=2704")
    see_as(seen, "Center director · Pharma & Chemicals")
    seen.page.wait_for_function("() => location.search.includes('role=director-PHC')")
    seen.settle()
    assert "center=AUT" in seen.page.url
    assert "port=2704" in seen.page.url
    assert seen.page.locator(".cl-sub").inner_text().startswith("Auto")


def test_the_center_follows_on_a_page_without_filters_too_and_the_others_stay(server: Server, visit: Opener) -> None:
    seen = visit(f"{server.url}/definitions?role=director-ELE&center=ELE&port=2704", wait="h1")
    see_as(seen, "Center director · Pharma & Chemicals")
    seen.page.wait_for_function("() => location.search.includes('role=director-PHC') && location.search.includes('center=PHC')")
    assert "port=2704" in seen.page.url
    assert "ELE" not in seen.page.url
