# SPDX-License-Identifier: Apache-2.0
"""Realtek's RTL8139C+, with Linux's driver 8139cp."""

import network_cards

COLLECTOR = network_cards.Collector()
OPTIONS = network_cards.options("rtl8139")
CHECKS = network_cards.checks("8139cp", 1, COLLECTOR)


def check(_):
    assert COLLECTOR.data == network_cards.DATA, "what the guest sent came wrong"
