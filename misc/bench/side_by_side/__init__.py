# SPDX-License-Identifier: BSD-3-Clause
"""What misc/bench/compare is made of: programs builds, runs measures, verdicts judges, table and page show."""
