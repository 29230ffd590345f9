"""Signing in, in a real browser: by invitation, password and code, by passkey; no page has a fault."""

import time

import pyotp
import pytest
from playwright.async_api import Browser

from tests.entry.web.accounts import PASSWORD, authenticator, by_name, invite
from tests.entry.web.journey import DESK, PHONE, Journey, faults, journey
from tests.entry.web.served import Served

pytestmark = pytest.mark.browser


async def test_an_invitation_leads_to_a_password_and_an_app(served: Served, browser: Browser) -> None:
    """On a phone: the link, a password, an app with its recovery codes; out, and in again with password and code."""
    mei = await invite(served)
    async with journey(browser, served.url, "app", size=PHONE) as walk:
        page = walk.page
        await page.goto(mei.path)
        await _sound(walk)
        await walk.start_counting()
        await walk.type("Password", PASSWORD)
        await walk.type("The same again", PASSWORD)
        await walk.tap("Set the password and sign in")
        await walk.see("You are in.")
        # Elsewhere in the console an owner with a password alone is asked to add more.
        await page.goto("/account/password")
        await walk.see("Only a password protects this console.")
        await page.goto("/account")
        assert await walk.taps() == 1
        await _sound(walk)
        await walk.tap("Add an app")
        await page.get_by_text("Or type this key into it").click()
        secret = "".join((await page.locator(".key code").inner_text()).split())
        await _sound(walk)
        app = pyotp.TOTP(secret)
        await walk.type("Six digits", app.generate_otp(_step() - 1))
        await walk.tap("Switch it on")
        await walk.see("Keep these ten codes")
        codes = (await page.locator(".codes").inner_text()).split()
        assert len(set(codes)) == 10
        await _sound(walk)
        # A reload sends the form again, and has the same answer.
        await page.reload()
        assert (await page.locator(".codes").inner_text()).split() == codes
        await page.goto("/account/password")
        assert await page.get_by_text("Only a password protects").count() == 0
        await page.goto("/account")
        await walk.see("10 recovery codes are left.")
        await _out_and_in(walk, mei.email)
        await walk.type("Six digits", app.generate_otp(_step()))
        await _sound(walk)
        await walk.tap("Go on")
        await page.wait_for_url("**/account")
        await _out_and_in(walk, mei.email)
        await walk.tap("The phone is not here", role="link")
        await walk.type("Recovery code", codes[0].lower())
        await walk.tap("Go on")
        await walk.see("9 recovery codes are left.")


async def test_a_passkey_is_added_and_signs_in(served: Served, browser: Browser) -> None:
    """On a desk, in Chinese, by keyboard alone: one press, nothing typed, and back where it was asked."""
    mei = await invite(served, "operator", "林梅")
    async with journey(browser, by_name(served), "passkey", size=DESK, language="zh", scheme="dark") as walk:
        page = walk.page
        await authenticator(page)
        await page.goto(mei.path)
        await walk.type("密码", PASSWORD)
        await walk.type("再输入一次", PASSWORD)
        await walk.tap("设置密码并登录")
        await walk.type("设备名称", "办公室")
        await walk.tap("添加通行密钥")
        await walk.see("通行密钥已添加")
        await _sound(walk)
        await walk.tap("退出登录", role="link")
        await walk.tap("退出登录")
        await page.goto("/sign-in?next=/account/password")
        await _sound(walk)
        await walk.start_counting()
        await page.get_by_role("button", name="使用通行密钥").focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url(lambda url: url.endswith("/account/password") and "sign-in" not in url)
        assert await walk.taps() == 0
        await _sound(walk)
        await page.goto("/account")
        await walk.tap("移除 办公室")
        await walk.see("通行密钥已移除")


async def _out_and_in(walk: Journey, email: str) -> None:
    """Sign out and give e-mail and password again, on the way to the account."""
    await walk.page.goto("/sign-out")
    await walk.tap("Sign out")
    await walk.see("You are signed out.")
    await walk.page.goto("/account")
    await walk.type("E-mail", email)
    await walk.type("Password", PASSWORD)
    await walk.tap("Sign in")
    await walk.see("Six digits")


def _step() -> int:
    """Return the present step of 30 seconds."""
    return int(time.time()) // 30


async def _sound(walk: Journey) -> None:
    assert await faults(walk.page) == []
