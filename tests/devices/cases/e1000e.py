# SPDX-License-Identifier: Apache-2.0
"""Intel's 82574L, with Linux's driver e1000e."""

import network_cards

COLLECTOR = network_cards.Collector()
OPTIONS = network_cards.options("e1000e")
CHECKS = network_cards.checks("e1000e", 3, COLLECTOR)


def check(_):
    assert COLLECTOR.data == network_cards.DATA, "what the guest sent came wrong"
