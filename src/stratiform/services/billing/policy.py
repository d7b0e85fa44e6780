"""Policy rules of customer accounts, periods, documents and costs. OpenStack has no service of this kind."""

from stratiform.kit.policy import (
    Rule,
    admin,
    list_declared_rules,
    project_or_system_reader,
    project_reader,
    system_reader,
)

ACCOUNTS_CREATE = Rule("billing:accounts:create", admin, "Create a customer account")
ACCOUNTS_LIST = Rule("billing:accounts:list", system_reader, "List customer accounts")
ACCOUNTS_GET = Rule("billing:accounts:get", system_reader, "Show a customer account")
ACCOUNTS_ASSIGN = Rule("billing:accounts:assign", admin, "Assign a project to a customer account")
PRICES_LIST = Rule("billing:prices:list", project_or_system_reader, "List the price plans of a project")
PRICES_GET = Rule("billing:prices:get", project_or_system_reader, "Show a price plan of a project")
ACCOUNTS_UNASSIGN = Rule("billing:accounts:unassign", admin, "End the assignment of a project to a customer account")
ACCOUNTS_UPDATE = Rule("billing:accounts:update", admin, "Change a customer account")
ACCOUNTS_SET_PLAN = Rule("billing:accounts:set_plan", admin, "Change the price plan of a customer account")
ACCOUNTS_PREVIEW_PLAN = Rule("billing:accounts:preview_plan", admin, "Show what another price plan would change")
PRICES_SET = Rule("billing:prices:set", admin, "Publish a price plan")
PRICES_PREVIEW = Rule("billing:prices:preview", admin, "Show what publishing a price plan would change")
PRICE_CHANGES_LIST = Rule("billing:price_changes:list", admin, "List retroactive price changes")
SELLER_GET = Rule("billing:seller:get", system_reader, "Show the seller")
SELLER_SET = Rule("billing:seller:set", admin, "Change the seller")
PERIODS_CLOSE = Rule("billing:periods:close", admin, "Close a billing period")
PERIODS_PREVIEW = Rule("billing:periods:preview", system_reader, "Show what closing a billing period would bill")
PERIODS_LIST = Rule("billing:periods:list", system_reader, "List the billing periods of a customer account")
INVOICES_LIST = Rule("billing:invoices:list", project_or_system_reader, "List the invoices of a project")
INVOICES_GET = Rule("billing:invoices:get", project_or_system_reader, "Show an invoice")
INVOICES_LIST_ALL = Rule("billing:invoices:list_all", system_reader, "List and show the invoices of all accounts")
COSTS_GET = Rule("billing:costs:get", project_reader, "Show the cost to date of a project")

RULES = list_declared_rules(globals())
