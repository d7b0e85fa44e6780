"""Resources that end with a parent, in the order of an export: parents precede their children."""

from dataclasses import dataclass, field

from stratiform.kit.clock import Micros
from stratiform.services.ledger.model import Resource
from stratiform.services.ledger.model.parent_levels import compute_parent_levels
from stratiform.services.proof.model.verification.reports import VerificationReport, format_resource


@dataclass(slots=True)
class ParentEnds:
    """The ends of the resources so far, and their parents.

    `incomputable`: resources whose end is unknown because events are withheld. `unresolved`: resources whose ancestors
    were not all there, as in a cycle of parents.
    """

    report: VerificationReport
    ends: dict[Resource, Micros | None] = field(default_factory=dict)
    incomputable: set[Resource] = field(default_factory=set)
    parents: dict[Resource, Resource] = field(default_factory=dict)
    ancestors: dict[Resource, Resource] = field(default_factory=dict)
    unresolved: list[Resource] = field(default_factory=list)

    def find_parent_end(self, resource: Resource, parent: Resource) -> Micros | None:
        """Return the end of the parent; None for a resource in a cycle, which ends with none of its ancestors.

        Resources outside of a cycle follow their parents. A resource whose ancestors are not all there is treated as
        one in a cycle, and checked at the end of the export.
        """
        root = self._find_root(parent)
        if resource not in self.ancestors and root != resource:
            self.ancestors[resource] = root
        self.parents[resource] = parent
        if root != resource and root in self.ends:
            return self.ends[parent]
        self.unresolved.append(resource)
        return None

    def verify_unresolved(self) -> None:
        """Verify that unresolved resources are in a cycle, or depend on withheld events."""
        cyclic = compute_parent_levels(self.unresolved, self.parents.get)[1]
        for resource in self.unresolved:
            parent, root = self.parents[resource], self._find_root(resource)
            child_name, parent_name = format_resource(resource), format_resource(parent)
            if parent not in self.ends:
                self.report.failures.append(f"{parent_name}, the parent of {child_name}, is missing")
            elif root in self.incomputable:
                self.mark_incomputable(resource, root)
            elif resource not in cyclic and root in self.ends:
                self.report.failures.append(f"{child_name} precedes its parent {parent_name}")

    def mark_incomputable(self, resource: Resource, parent: Resource) -> None:
        """Note that the segments of a resource depend on withheld events of its parent."""
        self.incomputable.add(resource)
        self.report.notes.append(
            f"the segments of {format_resource(resource)} cannot be computed: "
            f"its end depends on {format_resource(parent)}"
        )

    def _find_root(self, resource: Resource) -> Resource:
        """Return the topmost ancestor so far; of a cycle always the same one.

        The path is shortened, so that a long chain is not followed again for each of its members.
        """
        path = []
        while resource in self.ancestors:
            path.append(resource)
            resource = self.ancestors[resource]
        self.ancestors |= dict.fromkeys(path[:-1], resource)
        return resource
