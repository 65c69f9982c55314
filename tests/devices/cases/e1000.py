# SPDX-License-Identifier: Apache-2.0
"""Intel's 82540EM, with Linux's driver e1000."""

import network_cards

COLLECTOR = network_cards.Collector()
OPTIONS = network_cards.options("e1000")
CHECKS = network_cards.checks("e1000", 1, COLLECTOR)


def check(_):
    assert COLLECTOR.data == network_cards.DATA, "what the guest sent came wrong"
