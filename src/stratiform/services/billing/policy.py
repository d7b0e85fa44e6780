"""Policy rules of customer accounts, periods, documents and costs. OpenStack has no service of this kind."""

from stratiform.kit.policy import Rule, admin, declared_rules, project_reader, system_reader

ACCOUNTS_CREATE = Rule("billing:accounts:create", admin, "Create a customer account")
ACCOUNTS_LIST = Rule("billing:accounts:list", system_reader, "List customer accounts")
ACCOUNTS_GET = Rule("billing:accounts:get", system_reader, "Show a customer account")
ACCOUNTS_ASSIGN = Rule("billing:accounts:assign", admin, "Assign a project to a customer account")
PRICES_SET = Rule("billing:prices:set", admin, "Publish a price plan")
SELLER_GET = Rule("billing:seller:get", system_reader, "Show the seller")
SELLER_SET = Rule("billing:seller:set", admin, "Change the seller")
PERIODS_CLOSE = Rule("billing:periods:close", admin, "Close a billing period")
PERIODS_LIST = Rule("billing:periods:list", system_reader, "List the billing periods of a customer account")
INVOICES_LIST = Rule("billing:invoices:list", project_reader, "List the invoices of a project")
INVOICES_GET = Rule("billing:invoices:get", project_reader, "Show an invoice")
INVOICES_LIST_ALL = Rule("billing:invoices:list_all", system_reader, "List and show the invoices of all accounts")
COSTS_GET = Rule("billing:costs:get", project_reader, "Show the cost to date of a project")

RULES = declared_rules(globals())
